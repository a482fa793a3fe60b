//! Compiles `openapi/*.json` into the low-level clients of `src/raw`, and nothing more.

use std::any::Any;
use std::path::Path;
use std::{env, fs, panic};

use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use schemars::schema::{InstanceType, SchemaObject};
use serde_json::Value;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let mut documents = vec!["gemini"];
    if env::var_os("CARGO_FEATURE_VERTEX").is_some() {
        documents.push("vertex");
    }
    for document in documents {
        let path = format!("openapi/{document}.json");
        println!("cargo::rerun-if-changed={path}");
        if let Err(reason) = compile(Path::new(&path), document) {
            build_print::error!("{path}: {reason}");
            build_print::note!("`cargo xtask regen` writes this file anew");
            std::process::exit(1);
        }
    }
}

/// Generates the client of one document into `OUT_DIR`.
fn compile(path: &Path, document: &str) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let spec: openapiv3::OpenAPI =
        serde_json::from_str(&text).map_err(|e| format!("no OpenAPI document: {e}"))?;
    let value: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    check_references(&value, &value, "#")?;
    let settings = settings()?;
    // The generator panics on some documents that it does not expect.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let generated = panic::catch_unwind(|| Generator::new(&settings).generate_tokens(&spec));
    panic::set_hook(hook);
    let tokens = generated
        .map_err(|reason| format!("cannot be compiled into a client: {}", words(&*reason)))?
        .map_err(|e| format!("cannot be compiled into a client: {e}"))?;
    let file = syn::parse2(tokens).map_err(|e| format!("generated code is invalid: {e}"))?;
    let out = env::var("OUT_DIR").map_err(|e| e.to_string())?;
    let target = Path::new(&out).join(document).with_extension("rs");
    fs::write(&target, prettyplease::unparse(&file))
        .map_err(|e| format!("cannot write {}: {e}", target.display()))
}

/// Names the first place that refers to something the document does not have.
fn check_references(document: &Value, value: &Value, place: &str) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            check_references(document, item, &format!("{place}/{index}"))
        }),
        Value::Object(fields) => fields.iter().try_for_each(|(name, field)| {
            let place = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
            match field.as_str().and_then(|target| target.strip_prefix('#')) {
                Some(target) if name == "$ref" && document.pointer(target).is_none() => {
                    Err(format!("at {place}: there is no #{target}"))
                }
                _ => check_references(document, field, &place),
            }
        }),
        _ => Ok(()),
    }
}

/// What a panic said.
fn words(panic: &dyn Any) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied())
        .unwrap_or("the generator panicked")
}

fn settings() -> Result<GenerationSettings, String> {
    let int64 = SchemaObject {
        instance_type: Some(InstanceType::String.into()),
        format: Some("int64".into()),
        ..Default::default()
    };
    let session = "crate::http::Session".parse();
    let session = session.map_err(|e| format!("no type of the client: {e}"))?;
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_hooks(HooksMode::Expected)
        .with_inner_type(session)
        .with_conversion(
            int64,
            "crate::raw::Int64",
            [TypeImpl::Default, TypeImpl::Display, TypeImpl::FromStr].into_iter(),
        );
    Ok(settings)
}
