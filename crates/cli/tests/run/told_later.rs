//! What is told of a run afterwards, by `report` and `runs`, as `run` itself told it.

use genai_batch_emulator::Rows;
use serde_json::{Value, json};

use crate::support::{Folder, Ran, emulator, table};

const ARGUMENTS: [&str; 5] = ["t.csv", "--prompt", "Say {{ text }}", "--out", "out.csv"];

fn page(folder: &Folder) -> String {
    let made = folder.call(&["report", "out.csv.run", "--open", "no", "--quiet"]);
    made.went_well();
    folder.read("out.csv.run.html")
}

fn shown(folder: &Folder, command: &[&str]) -> String {
    folder.call(command).out
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_why_results_are_missing_and_which_rows_were_off() {
    let (folder, emulator) = (Folder::with("t.csv", table(20)), emulator().await);
    emulator.faults().drop_keys(Rows::At(vec![1, 3]));
    emulator.faults().double_rows(Rows::At(vec![5]));
    emulator.faults().add_foreign_rows(2);
    let once = [&ARGUMENTS[..], &["--attempts", "1", "--quiet"]].concat();
    let ran = folder.run_against(&emulator, &once).await;
    let off = "rows off: 1 duplicate, 2 unexpected, 2 without key, which count for nothing";
    assert!(ran.out.contains(off), "{}", ran.out);
    assert_eq!(ran.code, 5);
    let page = page(&folder);
    for part in [
        "<tr><td>2</td><td>missing</td><td class=\"text\"><bdi>nothing came back under its key",
        "<div><bdi>3</bdi></div><div><bdi>5</bdi></div>",
        "Rows off: 1 duplicate, 2 unexpected, 2 without key, which count for nothing.",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    let data = page.split("id=\"data\">").nth(1).unwrap();
    let data: Value = serde_json::from_str(data.split("</script>").next().unwrap()).unwrap();
    let text = data[1]["text"]["text"].as_str().unwrap();
    assert_eq!(data[1]["kind"], "missing");
    assert!(
        text.starts_with("nothing came back under its key"),
        "{text}"
    );
    assert!(page.contains("`genai-batch runs retry`"), "{page}");
    assert!(
        !page.contains("emulator"),
        "a run that was not told so is of a service"
    );
}

#[test]
fn what_was_cut_off_and_is_of_the_emulator_is_told() {
    let folder = Folder::with("t.csv", table(4));
    let cut = [&ARGUMENTS[..], &["--max-output-tokens", "1"]].concat();
    let Ran { code, out, .. } = folder.run(&cut);
    assert_eq!(code, 5, "{out}");
    assert!(
        out.contains("4 cut-off") && out.contains("a model would cost"),
        "{out}"
    );
    let told = shown(&folder, &["runs", "show", "out.csv.run"]);
    for part in [
        "backend\tgemini (emulator)\n",
        "responses\t4\nnot complete\t4 cut-off: responses that are no answers\n",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let told = shown(
        &folder,
        &["runs", "show", "out.csv.run", "--output", "json"],
    );
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        json!([told["is_emulated"], told["incomplete"]]),
        json!([true, { "cut-off": 4 }])
    );
    let told = shown(&folder, &["runs", "ls"]);
    assert!(told.contains("\tgemini (emulator)\t"), "{told}");
    let resume = ["runs", "resume", "out.csv.run", "--emulator", "--quiet"];
    let told = shown(&folder, &resume);
    let cost = "cost\tnone: these are the emulator's answers; a model would cost about $";
    assert!(told.contains(cost), "{told}");
    let page = page(&folder);
    for part in [
        "answers of the emulator, not of a model",
        "<dt>a model would cost about</dt>",
        "Responses without a complete answer: 4 cut-off.",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}
