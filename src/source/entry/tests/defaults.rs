//! Requests as they are filled, and as Google's SDK has them.

use super::*;

#[test]
fn a_prompt_gives_the_same_line_as_its_fields() {
    let defaults = Defaults {
        generation_config: Some(GenerationConfig::new().temperature(0.5)),
        system_instruction: Some("Be brief.".into()),
    };
    let plain = Request::text("Why?\n\"\u{1}");
    let kinds = [
        JobKind::GenerateContent,
        JobKind::Either(EmbedForm::Gemini),
        JobKind::EmbedContent(EmbedForm::Gemini),
    ];
    for request in [
        plain.clone(),
        plain.clone().key("k"),
        plain.clone().key(""),
        plain
            .clone()
            .field("generation_config", serde_json::json!({"seed": 7}))
            .field("labels", serde_json::json!({})),
        plain.clone().field("generation_config", 7),
        plain.clone().field("odd", true),
        plain.clone().field("cachedContent", "cachedContents/a"),
        plain
            .clone()
            .generation_config(GenerationConfig::new().temperature(0.1).seed(3)),
        plain.clone().field("content", "x"),
        plain.clone().field("contents", Vec::<Value>::new()),
        plain.clone().metadata("key", "m"),
        plain.patch(serde_json::json!({"model": "m", "contents": null})),
    ] {
        for kind in kinds {
            let mut spelled = draft_of(request.clone());
            spelled.body.fields_mut();
            let read = |entry| Line::from_entry(entry, &mut intake_of(kind, &defaults));
            let quick = read(request.clone().into());
            let slow = read(Entry(EntryKind::Built(spelled)));
            match (quick, slow) {
                (Ok(quick), Ok(slow)) => {
                    assert_eq!(quick.key, slow.key);
                    assert_eq!(jsonl(&quick), jsonl(&slow));
                    assert_eq!(quick.remarks, slow.remarks);
                }
                (quick, slow) => assert_eq!(quick.err(), slow.err()),
            }
        }
    }
}

fn draft_of(request: Request) -> Draft {
    match Entry::from(request).0 {
        EntryKind::Built(draft) => draft,
        _ => unreachable!("a request is built"),
    }
}

#[test]
fn defaults_fill_only_what_is_missing() {
    let defaults = Defaults {
        generation_config: Some(
            GenerationConfig::new()
                .temperature(0.5)
                .max_output_tokens(64),
        ),
        system_instruction: Some("Be brief.".into()),
    };
    let line = |text: &str| {
        let mut intake = intake_of(JobKind::GenerateContent, &defaults);
        let line = Line::parse(text.as_bytes(), &mut intake).unwrap();
        (jsonl(&line)["request"].clone(), line.remarks)
    };
    let (filled, _) = line(&format!("{{{CONTENTS}}}"));
    assert_eq!(filled["generationConfig"]["temperature"], 0.5);
    assert_eq!(filled["systemInstruction"]["parts"][0]["text"], "Be brief.");
    for null in [
        r#""generationConfig":null,"systemInstruction":null"#,
        r#""generation_config":null,"system_instruction":null"#,
    ] {
        let (unset, _) = line(&format!("{{{CONTENTS},{null}}}"));
        assert_eq!(unset, filled, "{null}");
    }
    let (own, _) = line(&format!(
        r#"{{{CONTENTS},"generation_config":{{"temperature":0.1}}}}"#
    ));
    assert!(own.get("generationConfig").is_none());
    let merged = serde_json::json!({ "temperature": 0.1, "maxOutputTokens": 64 });
    assert_eq!(own["generation_config"], merged);
    let (cached, told) = line(&format!(
        r#"{{{CONTENTS},"cachedContent":"cachedContents/a"}}"#
    ));
    assert!(cached.get("systemInstruction").is_none());
    assert_eq!(cached["generationConfig"]["maxOutputTokens"], 64);
    assert!(
        told.iter().any(|it| it.code == FindingCode::OptionLeftOut),
        "{told:?}"
    );
}

#[test]
fn what_is_left_out_is_told_once() {
    let defaults = Defaults {
        system_instruction: Some("Be brief.".into()),
        ..Defaults::default()
    };
    let mut intake = intake_of(JobKind::GenerateContent, &defaults);
    let cached = format!(r#"{{{CONTENTS},"cachedContent":"cachedContents/a"}}"#);
    let told = [0, 1].map(|_| {
        Line::parse(cached.as_bytes(), &mut intake)
            .unwrap()
            .remarks
            .len()
    });
    assert_eq!(told, [1, 0]);
}

#[test]
fn the_spelling_of_googles_sdk_is_taken() {
    let sent = |line: &str| jsonl(&parse(line).unwrap())["request"].clone();
    let request = sent(
        r#"{"key":"a","request":{"contents":"hi","config":{"temperature":0.5,"system_instruction":"Be brief."}}}"#,
    );
    let user = |text: &str| serde_json::json!({ "role": "user", "parts": [{ "text": text }] });
    assert_eq!(
        request,
        serde_json::json!({
            "contents": [user("hi")],
            "generationConfig": { "temperature": 0.5 },
            "systemInstruction": user("Be brief."),
        })
    );
    assert_eq!(
        sent(r#"{"contents":[{"text":"hi"}]}"#)["contents"][0],
        user("hi")
    );
    // What is in the config is checked like any other.
    let wrong = parse(r#"{"contents":"hi","config":{"temprature":0.5}}"#).unwrap_err();
    assert!(wrong.contains("at config.temprature"), "{wrong}");
}

#[test]
fn a_default_that_stands_against_a_request_is_told_once() {
    let defaults = Defaults {
        generation_config: Some(
            GenerationConfig::new()
                .response_mime_type("application/json")
                .response_json_schema(serde_json::json!({ "type": "string" })),
        ),
        ..Defaults::default()
    };
    let own = |config: Value| Request::text("hi").field("generationConfig", config);
    let text = || own(serde_json::json!({ "responseMimeType": "text/plain" }));
    let schema = || own(serde_json::json!({ "responseSchema": { "type": "STRING" } }));
    for requests in [[text(), text()], [schema(), schema()]] {
        let mut intake = intake_of(JobKind::GenerateContent, &defaults);
        let told = requests.map(|request| {
            let line = Line::from_entry(request.into(), &mut intake).unwrap();
            let told = line.remarks.iter();
            let told = told.filter(|it| it.code == FindingCode::OptionLeftOut);
            told.map(|it| it.message.clone()).collect::<Vec<_>>()
        });
        assert!(
            told[0][0].contains("`responseJsonSchema` of the option"),
            "{told:?}"
        );
        assert_eq!((told[0].len(), told[1].len()), (1, 0), "{told:?}");
    }
    let without = own(serde_json::json!({ "seed": 1 }));
    let mut intake = intake_of(JobKind::GenerateContent, &defaults);
    let line = Line::from_entry(without.into(), &mut intake).unwrap();
    assert!(line.remarks.is_empty(), "{:?}", line.remarks);
}

#[test]
fn what_is_wrong_is_told_where_it_was_written() {
    for (line, path) in [
        (
            r#"{"request":{"contents":"hi","config":{"temprature":1}}}"#,
            "request.config.temprature",
        ),
        (
            r#"{"contents":"hi","config":{"max_output_tokens":"x"}}"#,
            "config.max_output_tokens",
        ),
        (
            r#"{"request":{"contents":"hi","config":{"thinking_config":{"thinking_budget":"x"}}}}"#,
            "request.config.thinking_config.thinking_budget",
        ),
        (
            r#"{"request":{"contents":"hi","config":{"safety_settings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_NON"}]}}}"#,
            "request.config.safety_settings[0].threshold",
        ),
        (
            r#"{"request":{"contents":"hi","config":{"responseSchema":{"type":"STRING"}}}}"#,
            "request.config.responseSchema",
        ),
        (
            r#"{"request":{"contents":"hi","generationConfig":{"topP":9},"config":{"seed":1}}}"#,
            "request.generationConfig.topP",
        ),
        (
            r#"{"request":{"contents":"hi","config":"hot"}}"#,
            "request.config: ",
        ),
        (
            r#"{"request":{"contents":["hi",{"inlineData":{"mimeType":"image/png","data":"?"}}]}}"#,
            "request.contents[1].inlineData.data",
        ),
        (
            r#"{"request":{"contents":{"role":"user","parts":[{}]}}}"#,
            "request.contents.parts[0]",
        ),
    ] {
        let told = parse(line).unwrap_err();
        assert!(told.contains(&format!("at {path}")), "{line}: {told}");
        assert!(path.contains("generationConfig") || !told.contains("at request.generationConfig"));
    }
}
