//! The same command again, and one that is not the same.

use snapbox::{assert_data_eq, str};

use crate::support::{Folder, emulator};

const TABLE: &str = "id,text\na,One\nb,Two\nc,Three\n";

fn arguments<'a>(prompt: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "t.csv", "--key", "id", "--out", "out.csv", "--prompt", prompt,
    ];
    arguments.extend(more);
    arguments
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_is_not_asked_again_and_what_is_new_is() {
    let (folder, emulator) = (Folder::with("t.csv", TABLE), emulator().await);
    let run = async |more: &[&str]| {
        folder
            .run_against(&emulator, &arguments("Say {{ text }}", more))
            .await
    };
    run(&[]).await.went_well();
    let (first, jobs) = (folder.read("out.csv"), emulator.jobs().len());
    run(&[]).await.went_well();
    assert_eq!(
        (folder.read("out.csv"), emulator.jobs().len()),
        (first.clone(), jobs)
    );

    // Rows move, one is new, one is gone, and what is beside the prompt has changed.
    folder.write("t.csv", "id,text,by\nc,Three,Eve\nd,Four,Dan\na,One,Ada\n");
    let ran = run(&[]).await;
    assert_data_eq!(
        &ran.err,
        str![[r#"
warning: 1 row of the run will not be in out.csv: no longer in the input
going on with out.csv.run: 3 of 3 rows have their outcome, 1 new, 1 no longer in the input

"#]]
    );
    assert_eq!(ran.code, 0);
    let asked: usize = emulator.jobs().iter().map(|job| job.request_count).sum();
    assert_eq!(asked, 4);
    let lines: Vec<_> = folder
        .read("out.csv")
        .lines()
        .map(|line| line.split(',').take(3).collect::<Vec<_>>().join(","))
        .collect();
    assert_eq!(
        lines,
        ["id,text,by", "c,Three,Eve", "d,Four,Dan", "a,One,Ada"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_prompt_is_told_before_it_is_paid_for() {
    let (folder, emulator) = (Folder::with("t.csv", TABLE), emulator().await);
    let run = async |prompt: &str, more: &[&str]| {
        folder
            .run_against(&emulator, &arguments(prompt, more))
            .await
    };
    run("Say {{ text }}", &[]).await.went_well();
    let (first, jobs) = (folder.read("out.csv"), emulator.jobs().len());
    let told = run("Shout {{ text }}", &["--temperature", "0.5"])
        .await
        .failed_with(2);
    assert_data_eq!(
        told,
        str![[r#"
error: 3 rows of out.csv.run would be asked anew, since what is asked has changed
  generation config: was {}, is {"temperature":0.5}
  prompt: was "Say {{ text }}", is "Shout {{ text }}"
  of 3 rows 0 are the same, 3 changed, 0 new; 0 are gone; 3 had an outcome
  to pay for them again, add --ask-anew; to keep both, choose another --out

"#]]
    );
    assert_eq!(
        (folder.read("out.csv"), emulator.jobs().len()),
        (first.clone(), jobs)
    );
    run("Say {{ text }}", &[]).await.went_well();
    assert_eq!(emulator.jobs().len(), jobs);

    run("Shout {{ text }}", &["--ask-anew"]).await.went_well();
    assert_eq!(emulator.jobs().len(), jobs + 1);
    assert_ne!(folder.read("out.csv"), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_input_model_or_emulator_is_told() {
    let (folder, emulator) = (Folder::with("t.csv", TABLE), emulator().await);
    let run = async |more: &[&str]| {
        folder
            .run_against(&emulator, &arguments("Say {{ text }}", more))
            .await
    };
    run(&[]).await.went_well();
    assert_data_eq!(
        run(&["--model", "gemini-2.5-pro"]).await.failed_with(2),
        str![[r#"
error: out.csv.run is a run of gemini-2.5-flash, and --model is gemini-2.5-pro: a run has one model
  choose another --out, or remove the run if it is not needed any more

"#]]
    );
    let told = folder.run(&arguments("Say {{ text }}", &[])).failed_with(2);
    assert_data_eq!(
        told,
        str![[r#"
error: out.csv.run was made with the service, and --emulator is given: their answers do not mix
  leave --emulator out, or choose another --out

"#]]
    );
    assert_data_eq!(
        run(&["--dedupe"]).await.failed_with(2),
        str![[r#"
error: out.csv.run was made without --dedupe, which is given now: a run keeps to it
  choose another --out, or remove the run if it is not needed any more

"#]]
    );
    folder.write("t.csv", "id,text\nx,Ten\ny,Twenty\n");
    assert_data_eq!(
        run(&[]).await.failed_with(2),
        str![[r#"
error: out.csv.run was made with other rows: none of them is in t.csv
  of 2 rows 0 are the same, 0 changed, 2 new; 3 are gone; 3 had an outcome
  to pay for them again, add --ask-anew; to keep both, choose another --out

"#]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_is_written_over_but_its_own() {
    let (folder, emulator) = (Folder::with("t.csv", TABLE), emulator().await);
    let run = async |more: &[&str]| {
        folder
            .run_against(&emulator, &arguments("Say {{ text }}", more))
            .await
    };
    folder.write("out.csv", "precious");
    assert_data_eq!(
        run(&[]).await.failed_with(2),
        str![[r#"
error: out.csv is there already, and is not of this run
  choose another name, or add --overwrite

"#]]
    );
    assert_eq!(
        (folder.read("out.csv"), emulator.jobs().len()),
        ("precious".to_owned(), 0)
    );
    run(&["--overwrite"]).await.went_well();
    let whole = folder.read("out.csv");
    folder.write("out.csv", format!("{whole}# my notes\n"));
    assert_data_eq!(
        run(&[]).await.failed_with(2),
        str![[r#"
error: out.csv is not as this run wrote it: it was changed since
  move it away to keep it, or add --overwrite

"#]]
    );
    folder.write("out.csv", whole);
    run(&[]).await.went_well();
}
