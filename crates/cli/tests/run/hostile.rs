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
    assert_data_eq!(
        told("t.csv", "", &[]),
        str![[r#"
error: t.csv is empty: a table begins with a line that names its columns

"#]]
    );
    assert_data_eq!(
        told("t.csv", "text\n", &[]),
        str![[r#"
error: t.csv has no rows

"#]]
    );
    assert_data_eq!(
        told("t.csv", "\u{feff}text\r\n", &[]),
        str![[r#"
error: t.csv has no rows

"#]]
    );
    assert_data_eq!(
        told("t.jsonl", "", &[]),
        str![[r#"
error: t.jsonl has no rows

"#]]
    );
    assert_data_eq!(
        told("t.csv", b"\xff\xfet\0e\0x\0t\0", &[]),
        str![[r#"
error: t.csv is UTF-16, and not a table of text
  save it as UTF-8

"#]]
    );
    assert_data_eq!(
        told("t.csv", "PK\x03\x04 and so on", &[]),
        str![[r#"
error: t.csv is an archive or a spreadsheet, and not a table of text
  export the sheet as CSV

"#]]
    );
    assert_data_eq!(
        told("t.csv", b"\x1f\x8b\x08", &[]),
        str![[r#"
error: t.csv is compressed, and not a table of text
  unpack it with gunzip

"#]]
    );
    assert_data_eq!(
        told("t.csv", "PAR1 and so on", &[]),
        str![[r#"
error: t.csv is Parquet, and not a table of text
  say so: --input-format parquet

"#]]
    );
    assert_data_eq!(
        told("t.parquet", "text\nOne\n", &[]),
        str![[r#"
error: t.parquet is not Parquet
  if it is CSV, say so: --input-format csv

"#]]
    );
    assert_data_eq!(
        told("t.xlsx", "PK", &[]),
        str![[r#"
error: the name t.xlsx does not tell the format of the table
  tables are .csv, .tsv, .jsonl or .parquet; or say it: --input-format csv

"#]]
    );
}

#[test]
fn rows_that_are_wrong_are_told_with_their_line() {
    let ragged = "id,text\n1,\"a\nb\"\n\n2\n";
    assert_data_eq!(
        told("t.csv", ragged, &[]),
        str![[r#"
error: t.csv:5: the row has 1 cell, and the header has 2
  is a delimiter or a line break in a cell that is not in quotes?

"#]]
    );
    assert_data_eq!(
        told("t.csv", ragged.replace('\n', "\r\n"), &[]),
        str![[r#"
error: t.csv:5: the row has 1 cell, and the header has 2
  is a delimiter or a line break in a cell that is not in quotes?

"#]]
    );
    assert_data_eq!(
        told("t.csv", "id,text\n1,a,b\n", &[]),
        str![[r#"
error: t.csv:2: the row has 3 cells, and the header has 2
  is a delimiter or a line break in a cell that is not in quotes?

"#]]
    );
    assert_data_eq!(
        told("t.csv", b"id,text\n1,a\n2,caf\xe9\n", &[]),
        str![[r#"
error: t.csv:3: the column "text" is not UTF-8
  save the table as UTF-8, for instance by `iconv -f WINDOWS-1252 -t UTF-8`

"#]]
    );
    assert_data_eq!(
        told("t.jsonl", "{\"text\": \"a\"}\n\n[1]\n", &[]),
        str![[r#"
error: t.jsonl:3: not an object of JSON: invalid type: sequence, expected an object

"#]]
    );
    assert_data_eq!(
        told("t.jsonl", "{\"text\": \"a\"}\n{\"text\": \n", &[]),
        str![[r#"
error: t.jsonl:2: not JSON: EOF while parsing a value, at column 8

"#]]
    );
    assert_data_eq!(
        told("t.jsonl", "{\"text\": 1, \"text\": 2}\n", &[]),
        str![[r#"
error: t.jsonl:1: not an object of JSON: the field "text" is there twice

"#]]
    );
    assert_data_eq!(
        told("t.jsonl", b"{\"text\": \"caf\xe9\"}\n", &[]),
        str![[r#"
error: t.jsonl:1: not UTF-8

"#]]
    );
}

#[test]
fn columns_that_are_wrong_are_told() {
    assert_data_eq!(
        told("t.csv", "text,a,text\n1,2,3\n", &[]),
        str![[r#"
error: t.csv: the columns 1 and 3 are called "text": give each a name of its own

"#]]
    );
    assert_data_eq!(
        told("t.csv", "text,,\n1,2,3\n", &[]),
        str![[r#"
error: t.csv: the columns 2 and 3 have no name: give each a name of its own

"#]]
    );
    assert_data_eq!(
        told("t.csv", "id;text\n1;a\n", &[]),
        str![[r#"
error: t.csv:2: the prompt cannot be made: undefined value: `text` is undefined (line 1 of the prompt)
  there is one column, "id;text": say what is between the cells with --delimiter ';'

"#]]
    );
    assert_data_eq!(
        told(
            "t.csv",
            "id,text\n1,a\n2,b\n",
            &["--prompt", "Say {{ txet }}"]
        ),
        str![[r#"
error: t.csv:2: the prompt cannot be made: undefined value: `txet` is undefined (line 1 of the prompt)
  the columns are id, text

"#]]
    );
    assert_data_eq!(
        told("t.jsonl", "{\"text\": \"a\"}\n{\"other\": \"b\"}\n", &[]),
        str![[r#"
error: t.jsonl:2: the prompt cannot be made: undefined value: `text` is undefined (line 1 of the prompt)
  the columns are other

"#]]
    );
    assert_data_eq!(
        told("t.csv", "id,text\n1,a\n", &["--prompt", "Say {{ text"]),
        str![[r#"
error: the prompt is not a template: syntax error: unexpected end of input, expected end of variable block (line 1 of the prompt)

"#]]
    );
    assert_data_eq!(
        told("t.csv", "answer,text\n1,a\n", &[]),
        str![[r#"
error: the output would have two columns "answer": a column of the input, and one that is added
  give the added one another name: --prefix 'ai_' makes it "ai_answer"

"#]]
    );
    assert_data_eq!(
        told("t.csv", "id,text\n1,a\n", &["--key", "di"]),
        str![[r#"
error: t.csv: there is no column "di", which --key names
  the columns are id, text

"#]]
    );
    assert_data_eq!(
        told("t.csv", "id,text\n1,a\n", &["--media", "photo"]),
        str![[r#"
error: t.csv: there is no column "photo", which --media names
  the columns are id, text

"#]]
    );
    assert_data_eq!(
        told("t.csv", "text,photo\na,b.png\n", &["--media", "photo"]),
        str![[r#"
error: t.csv:2: the column "photo", which --media names: there is no file b.png

"#]]
    );
}

#[test]
fn keys_that_are_wrong_are_told_with_both_lines() {
    let table = "id,text\n1,\"a\nb\"\n2,b\n1,c\n";
    assert_data_eq!(
        told("t.csv", table, &["--key", "id"]),
        str![[r#"
error: the key "1" is used twice, at t.csv:2 and at t.csv:5
  every row needs a key of its own: is "id" the column? Without --key, a row has the number of its line

"#]]
    );
    assert_data_eq!(
        told("t.csv", "id,text\n1,a\n,b\n", &["--key", "id"]),
        str![[r#"
error: t.csv:3: the key is empty, in the column "id"

"#]]
    );
    assert_data_eq!(
        told(
            "t.jsonl",
            "{\"id\": 1, \"text\": \"a\"}\n{\"text\": \"b\"}\n",
            &["--key", "id"]
        ),
        str![[r#"
error: t.jsonl:2: there is no column "id", which --key names
  the columns are text

"#]]
    );
}

#[test]
fn options_that_are_wrong_are_told() {
    let table = "id,text\n1,a\n";
    assert_data_eq!(
        told("t.csv", table, &["--out", "t.csv"]),
        str![[r#"
error: the argument '--out <FILE>' cannot be used multiple times

Usage: genai-batch run [OPTIONS] <INPUT>

For more information, try '--help'.

"#]]
    );
    let folder = Folder::with("t.csv", table);
    let told = |arguments: &[&str]| {
        let all = [&["t.csv"][..], arguments].concat();
        folder.run(&all).failed_with(2)
    };
    assert_data_eq!(
        told(&["--prompt", "{{ text }}", "--out", "no/out.csv"]),
        str![[r#"
error: --out: there is no folder no
  make it: mkdir -p no

"#]]
    );
    assert_data_eq!(
        told(&["--prompt", "{{ text }}", "--out", "out.xlsx"]),
        str![[r#"
error: --out: the name out.xlsx does not tell the format of the table
  tables are .csv, .tsv, .jsonl or .parquet

"#]]
    );
    assert_data_eq!(
        told(&["--prompt", "{{ text }}", "--out", "t.csv"]),
        str![[r#"
error: --out: t.csv is what is read: choose another name

"#]]
    );
    assert_data_eq!(
        told(&["--out", "out.csv"]),
        str![[r#"
error: t.csv is a table, which needs a prompt: its columns are id, text
  write what to ask of each row: --prompt 'Summarise: {{ text }}'

"#]]
    );
    assert_data_eq!(
        told(&["--prompt", "{{ text }}"]),
        str![[r#"
error: the following required arguments were not provided:
  --out <FILE>

Usage: genai-batch run --prompt <TEMPLATE> --emulator --quiet --out <FILE> <INPUT>

For more information, try '--help'.

"#]]
    );
    assert_data_eq!(
        told(&[
            "--prompt",
            "{{ text }}",
            "--out",
            "out.csv",
            "--config",
            "none.json"
        ]),
        str![[r#"
error: --config: cannot read none.json: No such file or directory (os error 2)

"#]]
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
        str![[r#"
error: --config: config.json: leave generationConfig out, and write what is in it

"#]]
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
        str![[r#"
error: --config: config.json: temprature: the Gemini Developer API describes no field `temprature` of GenerationConfig: did you mean `temperature`?

"#]]
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
        str![[r#"
error: schema.json is not a JSON Schema: invalid type: sequence, expected an object at line 1 column 0

"#]]
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
