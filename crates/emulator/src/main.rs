//! The emulator as a program: it prints the variables that lead clients to it and stays up until it
//! is interrupted.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use genai_batch_emulator::{Emulator, Fault};

/// A local server that behaves like the batch services of the Gemini Developer API and Vertex AI.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port to listen on; 0 takes one that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long a job takes, such as 1.5s, 90s or 2h.
    #[arg(long, default_value = "1.2s", value_parser = duration)]
    job_duration: Duration,
    /// The only API key to let in; by default any will do.
    #[arg(long)]
    api_key: Option<String>,
    /// Let in only calls of Google Cloud with a token that was issued here.
    #[arg(long)]
    require_authentication: bool,
    /// A folder to write credential files into whose tokens are issued here.
    #[arg(long, value_name = "FOLDER")]
    credentials: Option<PathBuf>,
    /// A secret to sign webhooks with, `whsec_` and base64; once more for a rotation. By default they
    /// are signed with a key that is at /.well-known/jwks.json.
    #[arg(long, value_name = "SECRET")]
    webhook_secret: Vec<String>,
    /// A folder to keep jobs, files, objects and tables in, so that they outlive the process however it
    /// ends.
    #[arg(long, value_name = "FOLDER")]
    state: Option<PathBuf>,
    /// A fault to switch on, such as drop-rows=every:3 or fail-next=batches.get:2:503; may be given
    /// several times. README.md has them all.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// How many seconds pass for jobs and files in a real one.
    #[arg(long, default_value_t = 1.0)]
    clock_scale: f64,
}

/// Reads `90s`, `1m 30s`, and fractions of one unit as in `1.5s`.
fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if let Ok(duration) = humantime::parse_duration(text) {
        return Ok(duration);
    }
    let (number, unit) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let number: f64 = number
        .trim()
        .parse()
        .map_err(|_| "not a duration such as 1.5s")?;
    let unit = humantime::parse_duration(&format!("1{unit}")).map_err(|error| error.to_string())?;
    Duration::try_from_secs_f64(number * unit.as_secs_f64()).map_err(|error| error.to_string())
}

/// A value as a shell reads it back.
fn quoted(value: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    match value.chars().all(is_plain) {
        true => value.into(),
        false => format!("'{}'", value.replace('\'', r"'\''")).into(),
    }
}

/// Writes a file for each kind of credentials.
fn write_credentials(emulator: &Emulator, folder: &Path) -> io::Result<()> {
    for (name, json) in [
        ("service_account.json", emulator.service_account_json()),
        ("authorized_user.json", emulator.authorized_user_json()),
        (
            "impersonated_service_account.json",
            emulator.impersonated_service_account_json(),
        ),
        ("external_account.json", emulator.external_account_json()),
    ] {
        std::fs::write(folder.join(name), json)?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> io::Result<()> {
    let options = Options::parse();
    let mut builder = Emulator::builder()
        .host(options.host)
        .port(options.port)
        .job_duration(options.job_duration)
        .clock_scale(options.clock_scale);
    if let Some(api_key) = options.api_key {
        builder = builder.api_key(api_key);
    }
    for secret in options.webhook_secret {
        builder = builder.webhook_secret(secret);
    }
    for fault in options.fault {
        builder = builder.fault(fault);
    }
    if options.require_authentication {
        builder = builder.require_authentication();
    }
    if let Some(folder) = options.state {
        builder = builder.state(folder);
    }
    let emulator = builder.start().await?;
    let mut out = io::stdout().lock();
    let mut export = |name: &str, value: &str| writeln!(out, "export {name}={}", quoted(value));
    for (name, value) in emulator.env() {
        export(&name, &value)?;
    }
    if let Some(folder) = &options.credentials {
        // Whoever reads the variable may be in another folder.
        let folder = std::path::absolute(folder)?;
        std::fs::create_dir_all(&folder)?;
        write_credentials(&emulator, &folder)?;
        // The kind whose endpoints all clients take from the file.
        let file = folder.join("external_account.json");
        let file = file.to_string_lossy();
        export("GOOGLE_APPLICATION_CREDENTIALS", &file)?;
    }
    writeln!(out, "# Press Ctrl-C to stop.")?;
    out.flush()?;
    drop(out);
    tokio::signal::ctrl_c().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, millis) in [
            ("1.5s", 1500),
            ("90s", 90_000),
            ("2h", 7_200_000),
            ("0.25", 250),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert!(duration("soon").is_err());
        assert!(duration("-1s").is_err());
    }

    #[test]
    fn values_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(quoted("http://127.0.0.1:80"), "http://127.0.0.1:80");
        assert_eq!(quoted("/home/a b/it's"), r"'/home/a b/it'\''s'");
    }
}
