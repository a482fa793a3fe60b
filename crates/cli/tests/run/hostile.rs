//! Inputs and command lines that are wrong or strange: told with the place, or taken as they are.

use snapbox::{assert_data_eq, str};

use crate::support::{Folder, rows};

/// What is said of a table that is refused.
#[track_caller]
fn told(name: &str, contents: impl AsRef<[u8]>, more: &[&str]) -> String {
    let folder = Folder::with(name, contents);
    let mut arguments = vec![name, "--out", "out.csv"];
    if !more.contains(&"--prompt") {
        arguments.extend(["--prompt", "Say {{ text }}"]);
    }
    arguments.extend(more);
    let told = folder.run(&arguments).failed_with(2);
    assert_eq!(folder.names(), [name], "a file was left");
    told
}

#[test]
fn tables_that_are_none() {
    assert_data_eq!(told("t.csv", "", &[]), str![[""]]);
    assert_data_eq!(told("t.csv", "text\n", &[]), str![[""]]);
    assert_data_eq!(told("t.csv", "\u{feff}text\r\n", &[]), str![[""]]);
    assert_data_eq!(told("t.jsonl", "", &[]), str![[""]]);
    assert_data_eq!(told("t.csv", b"\xff\xfet\0e\0x\0t\0", &[]), str![[""]]);
    assert_data_eq!(told("t.csv", "PK\x03\x04 and so on", &[]), str![[""]]);
    assert_data_eq!(told("t.csv", b"\x1f\x8b\x08", &[]), str![[""]]);
    assert_data_eq!(told("t.csv", "PAR1 and so on", &[]), str![[""]]);
    assert_data_eq!(told("t.parquet", "text\nOne\n", &[]), str![[""]]);
    assert_data_eq!(told("t.xlsx", "PK", &[]), str![[""]]);
}

#[test]
fn rows_that_are_wrong_are_told_with_their_line() {
    let ragged = "id,text\n1,\"a\nb\"\n\n2\n";
    assert_data_eq!(told("t.csv", ragged, &[]), str![[""]]);
    assert_data_eq!(told("t.csv", ragged.replace('\n', "\r\n"), &[]), str![[""]]);
    assert_data_eq!(told("t.csv", "id,text\n1,a,b\n", &[]), str![[""]]);
    assert_data_eq!(told("t.csv", b"id,text\n1,a\n2,caf\xe9\n", &[]), str![[""]]);
    assert_data_eq!(
        told("t.jsonl", "{\"text\": \"a\"}\n\n[1]\n", &[]),
        str![[""]]
    );
    assert_data_eq!(
        told("t.jsonl", "{\"text\": \"a\"}\n{\"text\": \n", &[]),
        str![[""]]
    );
    assert_data_eq!(
        told("t.jsonl", "{\"text\": 1, \"text\": 2}\n", &[]),
        str![[""]]
    );
    assert_data_eq!(
        told("t.jsonl", "{\"text\": 123456789012345678901234}\n", &[]),
        str![[""]]
    );
    assert_data_eq!(
        told("t.jsonl", b"{\"text\": \"caf\xe9\"}\n", &[]),
        str![[""]]
    );
}

#[test]
fn columns_that_are_wrong_are_told() {
    assert_data_eq!(told("t.csv", "text,a,text\n1,2,3\n", &[]), str![[""]]);
    assert_data_eq!(told("t.csv", "text,,\n1,2,3\n", &[]), str![[""]]);
    assert_data_eq!(told("t.csv", "id;text\n1;a\n", &[]), str![[""]]);
    assert_data_eq!(
        told(
            "t.csv",
            "id,text\n1,a\n2,b\n",
            &["--prompt", "Say {{ txet }}"]
        ),
        str![[""]]
    );
    assert_data_eq!(
        told("t.jsonl", "{\"text\": \"a\"}\n{\"other\": \"b\"}\n", &[]),
        str![[""]]
    );
    assert_data_eq!(
        told("t.csv", "id,text\n1,a\n", &["--prompt", "Say {{ text"]),
        str![[""]]
    );
    assert_data_eq!(told("t.csv", "answer,text\n1,a\n", &[]), str![[""]]);
    assert_data_eq!(
        told("t.csv", "id,text\n1,a\n", &["--key", "di"]),
        str![[""]]
    );
    assert_data_eq!(
        told("t.csv", "id,text\n1,a\n", &["--media", "photo"]),
        str![[""]]
    );
    assert_data_eq!(
        told("t.csv", "text,photo\na,b.png\n", &["--media", "photo"]),
        str![[""]]
    );
}

#[test]
fn keys_that_are_wrong_are_told_with_both_lines() {
    let table = "id,text\n1,\"a\nb\"\n2,b\n1,c\n";
    assert_data_eq!(told("t.csv", table, &["--key", "id"]), str![[""]]);
    assert_data_eq!(
        told("t.csv", "id,text\n1,a\n,b\n", &["--key", "id"]),
        str![[""]]
    );
    assert_data_eq!(
        told(
            "t.jsonl",
            "{\"id\": 1, \"text\": \"a\"}\n{\"text\": \"b\"}\n",
            &["--key", "id"]
        ),
        str![[""]]
    );
}

#[test]
fn options_that_are_wrong_are_told() {
    let table = "id,text\n1,a\n";
    assert_data_eq!(told("t.csv", table, &["--out", "t.csv"]), str![[""]]);
    let folder = Folder::with("t.csv", table);
    let told = |arguments: &[&str]| {
        let all = [&["t.csv"][..], arguments].concat();
        folder.run(&all).failed_with(2)
    };
    assert_data_eq!(
        told(&["--prompt", "{{ text }}", "--out", "no/out.csv"]),
        str![[""]]
    );
    assert_data_eq!(
        told(&["--prompt", "{{ text }}", "--out", "out.xlsx"]),
        str![[""]]
    );
    assert_data_eq!(
        told(&["--prompt", "{{ text }}", "--out", "t.csv"]),
        str![[""]]
    );
    assert_data_eq!(told(&["--out", "out.csv"]), str![[""]]);
    assert_data_eq!(told(&["--prompt", "{{ text }}"]), str![[""]]);
    assert_data_eq!(
        told(&[
            "--prompt",
            "{{ text }}",
            "--out",
            "out.csv",
            "--config",
            "none.json"
        ]),
        str![[""]]
    );
    folder.write("config.json", r#"{"generationConfig": {}}"#);
    assert_data_eq!(
        told(&[
            "--prompt",
            "{{ text }}",
            "--out",
            "out.csv",
            "--config",
            "config.json"
        ]),
        str![[""]]
    );
    folder.write("config.json", r#"{"temprature": 0}"#);
    assert_data_eq!(
        told(&[
            "--prompt",
            "{{ text }}",
            "--out",
            "out.csv",
            "--config",
            "config.json"
        ]),
        str![[""]]
    );
    folder.write("schema.json", "[1]");
    assert_data_eq!(
        told(&[
            "--prompt",
            "{{ text }}",
            "--out",
            "out.csv",
            "--schema",
            "schema.json"
        ]),
        str![[""]]
    );
}

#[test]
fn strange_cells_come_back_as_they_were() {
    let cells = [
        "=1+1",
        "a \"quoted\" one",
        "two\nlines",
        "two\r\nlines",
        " blanks ",
        "\0",
        "\u{202e}",
        "",
        "{{ text }}",
        "@x",
        "-5",
    ];
    let folder = Folder::new();
    let mut writer = csv::Writer::from_path(folder.path("t.csv")).unwrap();
    writer
        .write_record(["text", "my column", "for", ""])
        .unwrap();
    for cell in cells {
        writer.write_record(["x", cell, cell, cell]).unwrap();
    }
    writer
        .write_record(["x", &"long ".repeat(200_000), "", ""])
        .unwrap();
    writer.flush().unwrap();
    let with_bom = [
        b"\xef\xbb\xbf",
        &*std::fs::read(folder.path("t.csv")).unwrap(),
    ]
    .concat();
    folder.write("t.csv", with_bom);
    let prompt = r#"Say {{ row["my column"] }}{{ row["for"] }}{{ row[""] }}"#;
    folder
        .run(&["t.csv", "--prompt", prompt, "--out", "out.csv"])
        .went_well();
    let (before, after) = (rows(&folder.path("t.csv")), rows(&folder.path("out.csv")));
    let first: Vec<_> = after.iter().map(|row| row[..4].to_vec()).collect();
    assert_eq!(first, before);

    let escaped = [
        "t.csv",
        "--prompt",
        prompt,
        "--escape-formulas",
        "--out",
        "escaped.csv",
    ];
    folder.run(&escaped).went_well();
    let escaped = rows(&folder.path("escaped.csv"));
    let column: Vec<_> = escaped[1..].iter().map(|row| &*row[1]).collect();
    assert_eq!(column[0], "'=1+1");
    assert_eq!((column[9], column[10]), ("'@x", "-5"));
}
