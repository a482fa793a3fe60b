//! Questions about images: one whose bytes are in memory, and one in a local file, which is
//! uploaded once however many requests name it.
//!
//! ```text
//! cargo run --example multimodal     # no account: an emulator in this process
//! ```
//!
//! On the real services, make the client with `Client::from_env()?`; everything after that stays
//! as it is.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt;
use genai_batch::request::{MediaResolution, ThinkingConfig};
use genai_batch::{Client, GenerationConfig, Outcome, Part, Request};
use genai_batch_emulator::Emulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start().await?;
    let client = Client::builder()
        .gemini()
        .api_key("any-key")
        .base_url(emulator.base_url())
        .build()?;

    let folder = tempfile::tempdir()?;
    let chart = folder.path().join("chart.bmp");
    std::fs::write(&chart, bitmap([0, 128, 255]))?;

    let mut results = client
        .batches()
        .run("gemini-2.5-flash", requests(&chart)?)
        .wait(|wait| wait.poll_interval(Duration::from_millis(200)))
        .await?;
    while let Some(result) = results.try_next().await? {
        let key = result.key().unwrap_or("(key lost)").to_owned();
        match result.outcome() {
            Outcome::Response(response) => {
                println!("{key}: {}", response.text().unwrap_or_default())
            }
            Outcome::Error(error) => println!("{key}: failed: {error}"),
            Outcome::Missing => println!("{key}: no result came back"),
        }
    }
    println!("{}", results.report());

    let uploaded = emulator.files().into_iter().filter(|file| !file.generated);
    println!("files uploaded for them: {}", uploaded.count());
    Ok(())
}

fn requests(chart: &Path) -> genai_batch::Result<Vec<Request>> {
    let config = GenerationConfig::new()
        .max_output_tokens(200)
        .media_resolution(MediaResolution::LOW)
        .thinking_config(ThinkingConfig::new().thinking_budget(0));

    // The MIME type is told from how the bytes begin.
    let in_memory = Part::data(bitmap([255, 0, 0]))?;
    let mut requests = vec![
        Request::parts([in_memory, "Which colour is this?".into()])
            .key("colour")
            .generation_config(config.clone()),
    ];

    // Uploaded when the batch is created, once for the three.
    let chart = Part::local_file(chart);
    let questions = [
        ("trend", "Where does the line go?"),
        ("axes", "What do the axes show?"),
        ("title", "What would be a good title?"),
    ];
    requests.extend(questions.map(|(key, question)| {
        Request::parts([chart.clone(), question.into()])
            .key(key)
            .system_instruction("Answer in one sentence.")
            .generation_config(config.clone())
    }));
    Ok(requests)
}

/// An image of one pixel, in the format BMP.
fn bitmap([red, green, blue]: [u8; 3]) -> Vec<u8> {
    let mut image = b"BM".to_vec();
    for number in [58_u32, 0, 54, 40, 1, 1, 1 | 24 << 16, 0, 4, 0, 0, 0, 0] {
        image.extend(number.to_le_bytes());
    }
    image.extend([blue, green, red, 0]);
    image
}
