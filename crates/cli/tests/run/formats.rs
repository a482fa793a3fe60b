//! Tables in each format, in and out, and files of requests.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{
    ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type, Int96, Int96Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::support::{Folder, rows};

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn parquet_rows(path: &Path) -> Vec<Value> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    reader
        .into_iter()
        .map(|row| row.unwrap().to_json_value())
        .collect()
}

/// Nothing of a cell is written in another way than its author wrote it, but for spaces.
#[test]
fn cells_of_json_keep_the_order_of_their_fields_and_the_digits_of_their_numbers() {
    let (nested, n) = (
        r#"{"z":1,"a":{"big":123456789012345678901234567890,"e":"\u00e9 \" {"}}"#,
        "1e2",
    );
    let spaced = nested.replace(':', ": ");
    let folder = Folder::with(
        "t.jsonl",
        format!(
            "{{\"n\": {n}, \"text\": \"One\", \"nested\": {spaced}}}\n{{\"n\": 0.10, \"text\": \"Two\"}}\n"
        ),
    );
    let run = |out: &str| {
        folder
            .run(&["t.jsonl", "--prompt", "Say {{ text }}", "--out", out])
            .went_well();
    };
    run("out.jsonl");
    let beginning = format!(r#"{{"n":{n},"text":"One","nested":{nested},"#);
    let out = folder.read("out.jsonl");
    assert!(out.starts_with(&beginning), "{out}");
    assert!(out.contains(r#"{"n":0.10,"text":"Two","#), "{out}");

    run("out.csv");
    let out = folder.read("out.csv");
    let quoted = nested.replace('"', "\"\"");
    assert!(out.contains(&format!("{n},One,\"{quoted}\",")), "{out}");
    assert!(out.contains("0.10,Two,,"), "{out}");
}

/// Whatever programs can hold of them.
#[test]
fn numbers_out_of_reach_are_their_digits() {
    let numbers = [
        "123456789012345678901234",
        "-9223372036854775809",
        "1e400",
        "18446744073709551616",
    ];
    let rows = numbers.map(|n| format!("{{\"text\": {n}}}\n"));
    let folder = Folder::with("t.jsonl", rows.concat());
    for out in ["out.jsonl", "out.csv"] {
        folder
            .run(&["t.jsonl", "--prompt", "Say {{ text }}", "--out", out])
            .went_well();
    }
    let (jsonl, csv) = (folder.read("out.jsonl"), folder.read("out.csv"));
    for n in numbers {
        assert!(jsonl.contains(&format!("{{\"text\":{n},")), "{jsonl}");
        assert!(jsonl.contains(&format!("Say {n}\"")), "{jsonl}");
        assert!(csv.contains(&format!("\n{n},")), "{csv}");
    }
}

#[test]
fn a_column_of_floats_and_long_integers_keeps_their_digits() {
    let folder = Folder::with("t.jsonl", "{\"n\": 1.5}\n{\"n\": 9007199254740993}\n");
    folder
        .run(&["t.jsonl", "--prompt", "Say {{ n }}", "--out", "out.parquet"])
        .went_well();
    let rows = parquet_rows(&folder.path("out.parquet"));
    let column: Vec<_> = rows.iter().map(|row| row["n"].clone()).collect();
    assert_eq!(column, ["1.5", "9007199254740993"]);
}

#[test]
fn lines_of_json_keep_their_values_and_what_they_lack() {
    let table = "{\"n\": 1, \"text\": \"One\", \"tags\": [\"a\", {\"b\": null}]}\n{\"text\": \"Two\", \"other\": 2.5}\n";
    let folder = Folder::with("t.jsonl", table);
    let prompt = "Say {{ text }}{% if tags is defined %} {{ tags[0] }}{% endif %}";
    folder
        .run(&["t.jsonl", "--prompt", prompt, "--out", "out.jsonl"])
        .went_well();
    let out = lines(&folder.read("out.jsonl"));
    let kept: Vec<_> = out
        .iter()
        .map(|row| json!([row["n"], row["text"], row["tags"], row["other"]]))
        .collect();
    assert_eq!(
        kept,
        [
            json!([1, "One", ["a", {"b": null}], null]),
            json!([null, "Two", null, 2.5])
        ]
    );
    assert!(out[1].get("n").is_none() && out[0].get("other").is_none());
    assert_eq!(out[0]["finish_reason"], "STOP");
    assert!(
        folder
            .read("out.jsonl")
            .starts_with(r#"{"n":1,"text":"One","tags":["#)
    );

    folder
        .run(&["t.jsonl", "--prompt", prompt, "--out", "out.csv"])
        .went_well();
    let out = rows(&folder.path("out.csv"));
    assert_eq!(out[0][..4], ["n", "text", "tags", "other"]);
    assert_eq!(out[1][..4], ["1", "One", r#"["a",{"b":null}]"#, ""]);
    assert_eq!(out[2][..4], ["", "Two", "", "2.5"]);

    folder
        .run(&["t.jsonl", "--prompt", prompt, "--out", "out.parquet"])
        .went_well();
    let out = parquet_rows(&folder.path("out.parquet"));
    assert_eq!(
        (&out[0]["n"], &out[1]["n"], &out[1]["other"]),
        (&json!(1), &json!(null), &json!(2.5))
    );
    assert_eq!(out[0]["tags"], r#"["a",{"b":null}]"#);
}

/// A moment as older writers put it: a Julian day, and nanoseconds.
fn int96(day: u32, nanos: u64) -> Int96 {
    Int96::from(vec![nanos as u32, (nanos >> 32) as u32, day])
}

fn write_parquet(path: &Path) {
    let schema = "message rows {
        REQUIRED BYTE_ARRAY text (UTF8);
        OPTIONAL INT32 day (DATE);
        OPTIONAL INT64 moment (TIMESTAMP(NANOS,true));
        OPTIONAL INT64 small (TIMESTAMP_MILLIS);
        OPTIONAL INT64 local (TIMESTAMP(MILLIS,false));
        OPTIONAL INT64 fine (TIMESTAMP(NANOS,false));
        OPTIONAL GROUP tags (LIST) { REPEATED GROUP list { OPTIONAL BYTE_ARRAY element (UTF8); } }
        OPTIONAL BYTE_ARRAY raw;
        OPTIONAL INT96 old;
        REQUIRED INT96 far;
        OPTIONAL GROUP numbers (LIST) { REPEATED GROUP list { REQUIRED DOUBLE element; } }
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer =
        SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|it| ByteArray::from(*it))
            .collect::<Vec<_>>()
    };
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<ByteArrayType>()
        .write_batch(&texts(&["One", "Two"]), None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int32Type>()
        .write_batch(&[20_000], Some(&[1, 0]), None)
        .unwrap();
    column.close().unwrap();
    for value in [
        1_700_000_000_123_456_000,
        1_700_000_000_123,
        1_700_000_000_123,
        1_700_000_000_123_456_000,
    ] {
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(&[value], Some(&[1, 0]), None)
            .unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    let written = column.typed::<ByteArrayType>().write_batch(
        &texts(&["a", "b"]),
        Some(&[3, 3, 0]),
        Some(&[0, 1, 0]),
    );
    written.unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let bytes = [
        ByteArray::from(b"plain".to_vec()),
        ByteArray::from(vec![0xff, 0]),
    ];
    column
        .typed::<ByteArrayType>()
        .write_batch(&bytes, Some(&[1, 1]), None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int96Type>()
        .write_batch(&[int96(2_440_588, 123_456_789)], Some(&[0, 1]), None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let far = [int96(5_373_484, 1_000), int96(2_440_588, 0)];
    column
        .typed::<Int96Type>()
        .write_batch(&far, None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let numbers = [0.5, f64::NAN, f64::INFINITY];
    column
        .typed::<DoubleType>()
        .write_batch(&numbers, Some(&[2, 2, 2, 0]), Some(&[0, 1, 1, 0]))
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_keeps_days_and_moments() {
    let folder = Folder::new();
    write_parquet(&folder.path("t.parquet"));
    let prompt = "Say {{ text }} {{ day }} {{ tags }}";
    folder
        .run(&["t.parquet", "--prompt", prompt, "--out", "out.jsonl"])
        .went_well();
    let out = lines(&folder.read("out.jsonl"));
    assert_eq!(out[0]["day"], "2024-10-04");
    assert_eq!(out[0]["moment"], "2023-11-14 22:13:20.123456 +00:00");
    assert_eq!(out[0]["local"], "2023-11-14 22:13:20.123");
    assert_eq!(out[0]["fine"], "2023-11-14 22:13:20.123456");
    assert_eq!(out[0]["tags"], json!(["a", "b"]));
    assert_eq!(out[1]["old"], "1970-01-01 00:00:00.123456789 +00:00");
    assert_eq!(out[0]["far"], "9999-12-31 00:00:00.000001 +00:00");
    assert_eq!(out[0]["numbers"], json!([0.5, "NaN", "inf"]));
    assert_eq!(
        (&out[0]["raw"], &out[1]["raw"]),
        (&json!("plain"), &json!("/wA="))
    );
    assert_eq!(
        (&out[1]["day"], &out[1]["tags"]),
        (&json!(null), &json!(null))
    );

    folder
        .run(&["t.parquet", "--prompt", prompt, "--out", "out.parquet"])
        .went_well();
    let out = parquet_rows(&folder.path("out.parquet"));
    assert_eq!(out[0]["day"], "2024-10-04");
    assert_eq!(out[0]["small"], out[0]["small"]);
    assert_eq!(out[0]["moment"], 1_700_000_000_123_456_000_i64);
    assert_eq!(out[1]["old"], 123_456_789);
    assert_eq!(out[0]["far"], "9999-12-31 00:00:00.000001 +00:00");
    assert_eq!(out[0]["numbers"], r#"[0.5,"NaN","inf"]"#);
    let reader =
        SerializedFileReader::new(File::open(folder.path("out.parquet")).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema().clone();
    let mut printed = Vec::new();
    parquet::schema::printer::print_schema(&mut printed, &schema);
    assert_data_eq!(
        String::from_utf8(printed).unwrap(),
        str![[r#"
message schema {
  OPTIONAL BYTE_ARRAY text (STRING);
  OPTIONAL INT32 day (DATE);
  OPTIONAL INT64 moment (TIMESTAMP(NANOS,true));
  OPTIONAL INT64 small (TIMESTAMP(MICROS,true));
  OPTIONAL INT64 local (TIMESTAMP(MICROS,false));
  OPTIONAL INT64 fine (TIMESTAMP(NANOS,false));
  OPTIONAL BYTE_ARRAY tags (STRING);
  OPTIONAL BYTE_ARRAY raw (STRING);
  OPTIONAL INT64 old (TIMESTAMP(NANOS,true));
  OPTIONAL INT64 far (TIMESTAMP(MICROS,true));
  OPTIONAL BYTE_ARRAY numbers (STRING);
  OPTIONAL BYTE_ARRAY answer (STRING);
  OPTIONAL BYTE_ARRAY finish_reason (STRING);
  OPTIONAL BYTE_ARRAY error (STRING);
  OPTIONAL INT64 input_tokens;
  OPTIONAL INT64 output_tokens;
}

"#]]
    );
}

#[test]
fn tabs_and_other_delimiters() {
    let folder = Folder::with("t.tsv", "id\ttext\n1\tOne, two\n");
    folder
        .run(&["t.tsv", "--prompt", "Say {{ text }}", "--out", "out.tsv"])
        .went_well();
    let out = folder.read("out.tsv");
    assert!(
        out.starts_with("id\ttext\tanswer\t") && out.contains("\n1\tOne, two\t"),
        "{out}"
    );
    let folder = Folder::with("t.csv", "id;text\r\n1;One, two\r\n");
    folder
        .run(&[
            "t.csv",
            "--delimiter",
            ";",
            "--prompt",
            "Say {{ text }}",
            "--out",
            "out.csv",
        ])
        .went_well();
    assert_eq!(rows(&folder.path("out.csv"))[1][..2], ["1", "One, two"]);
}

#[test]
fn finished_requests_need_no_prompt() {
    let line = |key: &str, text: &str| json!({"key": key, "request": {"contents": [{"parts": [{"text": text}]}]}});
    let folder = Folder::with(
        "r.jsonl",
        format!(
            "{}\n{}\n",
            line("a", "What is 1 + 1?"),
            line("b", "What is 2 + 2?")
        ),
    );
    folder.run(&["r.jsonl", "--out", "out.csv"]).went_well();
    assert_data_eq!(
        folder.read("out.csv"),
        str![[r#"
key,answer,finish_reason,error,input_tokens,output_tokens
a,2,STOP,,4,1
b,4,STOP,,4,1

"#]]
    );
    let told = folder
        .run(&["r.jsonl", "--prompt", "{{ key }}", "--out", "other.csv"])
        .failed_with(2);
    assert_data_eq!(
        told,
        str![[r#"
error: r.jsonl is a file of finished requests, for which there is no prompt
  leave --prompt out; or say what the table is, if it is one, in other columns

"#]]
    );
    let told = folder
        .run(&["r.jsonl", "--key", "key", "--out", "other.csv"])
        .failed_with(2);
    assert_data_eq!(
        told,
        str![[r#"
error: --key is for tables, and r.jsonl is a file of finished requests

"#]]
    );
}

#[test]
fn standard_input_is_read_too() {
    use std::io::Write;
    use std::process::Stdio;
    let folder = Folder::new();
    let run = || {
        let arguments = [
            "-",
            "--input-format",
            "csv",
            "--prompt",
            "Say {{ text }}",
            "--out",
            "out.csv",
            "--emulator",
        ];
        let mut command = folder.command(&arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(b"text\nOne\nTwo\n")
            .unwrap();
        child.wait_with_output().unwrap()
    };
    for _ in 0..2 {
        let ended = run();
        assert!(
            ended.status.success(),
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
        assert_eq!(rows(&folder.path("out.csv")).len(), 3);
    }
    let told = folder
        .run(&["-", "--prompt", "Say {{ text }}", "--out", "out.csv"])
        .failed_with(2);
    assert_data_eq!(
        told,
        str![[r#"
error: standard input has no name that tells its format
  say it: --input-format csv, tsv, jsonl or parquet

"#]]
    );
}

#[test]
fn media_go_with_the_prompt() {
    let folder = Folder::with("t.csv", "text,photo\nWhat is this?,a.png\nAnd this?,\n");
    folder.write("a.png", b"\x89PNG\r\n\x1a\n and so on");
    let arguments = [
        "t.csv",
        "--prompt",
        "{{ text }}",
        "--media",
        "photo",
        "--out",
        "out.csv",
    ];
    folder.run(&arguments).went_well();
    assert_eq!(rows(&folder.path("out.csv")).len(), 3);
    // What is asked has changed with the picture.
    folder.write("a.png", b"\x89PNG\r\n\x1a\n and more");
    folder.run(&arguments).failed_with(2);
}
