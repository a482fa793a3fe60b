//! Compiles `openapi/*.json` into the low-level clients of `src/raw`, and nothing more.

use std::any::Any;
use std::path::Path;
use std::{env, fs, panic};

use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl, TypePatch};
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
    let settings = settings(document, &value)?;
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
    let code = on_our_runtime(prettyplease::unparse(&file))?;
    fs::write(&target, code).map_err(|e| format!("cannot write {}: {e}", target.display()))
}

/// The generated code on the runtime of this crate, `src/raw/runtime.rs`, in place of the generator's:
/// there, a method fails with an error that has lost how often it was tried and that prints
/// headers, and a response is copied before it is read.
fn on_our_runtime(code: String) -> Result<String, String> {
    let changes = [
        ("pub use progenitor_client::{", "use crate::raw::runtime::{"),
        ("use progenitor_client::{", "use crate::raw::runtime::{"),
        ("Error<()>", "Error"),
        (
            "Error::UnexpectedResponse(response)",
            "crate::raw::runtime::unexpected(response)",
        ),
        (
            ".build()?;",
            ".build().map_err(crate::raw::runtime::unbuilt)?;",
        ),
    ];
    // A module with another name for the client stands at the end.
    let code = match code.find("/// Items consumers will typically use") {
        Some(end) => code[..end].to_owned(),
        None => code,
    };
    changes.into_iter().try_fold(code, |code, (theirs, ours)| {
        if !code.contains(theirs) {
            return Err(format!(
                "the code generator does not write `{theirs}` any more: `build.rs` must follow it"
            ));
        }
        Ok(code.replace(theirs, ours))
    })
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

fn settings(document: &str, value: &Value) -> Result<GenerationSettings, String> {
    let text = |format: &str| SchemaObject {
        instance_type: Some(InstanceType::String.into()),
        format: Some(format.to_owned()),
        ..Default::default()
    };
    let read_as_text = [TypeImpl::Display, TypeImpl::FromStr];
    let session = "crate::raw::Session".parse();
    let session = session.map_err(|e| format!("no type of the client: {e}"))?;
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_hooks(HooksMode::Expected)
        .with_inner_type(session)
        .with_conversion(
            text("int64"),
            "crate::raw::Int64",
            read_as_text.iter().copied().chain([TypeImpl::Default]),
        )
        .with_conversion(
            text("date-time"),
            "crate::raw::Timestamp",
            read_as_text.iter().copied(),
        );
    let schemas = value.pointer("/components/schemas");
    for (name, schema) in schemas.and_then(Value::as_object).into_iter().flatten() {
        let message = schema.pointer("/allOf/0/$ref").and_then(Value::as_str);
        let message = message.and_then(|target| target.rsplit('/').next());
        let of_kept = name
            .strip_prefix("Kept")
            .filter(|kept| Some(*kept) == message);
        if let Some(message) = of_kept {
            let kept = format!("crate::raw::Kept<crate::raw::{document}::types::{message}>");
            settings.with_replacement(name, kept, [TypeImpl::Default].into_iter());
        } else if name == "Json" {
            settings.with_replacement(name, "crate::raw::Json", [].into_iter());
        } else if schema.get("additionalProperties").is_some() && schema.get("properties").is_some()
        {
            // The generator takes the map of unknown fields for a field that must be there.
            settings.with_patch(name, TypePatch::default().with_derive("Default"));
        }
    }
    Ok(settings)
}
