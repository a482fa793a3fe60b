//! A recorded call, made through our API as a user would write it.

use genai_batch::{Client, Page};
use serde_json::{Map, Value, json};

use super::case::Case;
use super::client::{self, HttpOptions};
use super::create::{self, Kind};
use super::fields::{Fields, Stop, not_expressible};
use super::server::Server;
use super::{describe, files, sdk};

/// What a call was given: its arguments, and of these the `config`.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) args: Fields,
    pub(crate) config: Fields,
    pub(crate) http: HttpOptions,
}

impl Arguments {
    fn of(case: &Case) -> Result<Self, Stop> {
        let mut args = Fields::new("the call", &case.call.args);
        let mut config = args.inner("config")?;
        config.take("http_options");
        let http = HttpOptions::of(case)?;
        if http.extra_body.is_some() && !case.call.method.starts_with("batches.create") {
            return not_expressible("only a create takes a patch");
        }
        Ok(Self { args, config, http })
    }

    /// The one argument of a call that has no options.
    pub(crate) fn only(mut self, name: &str) -> Result<String, Stop> {
        let value = self.args.text(name)?.unwrap_or_default();
        self.args.end()?;
        self.config.end()?;
        Ok(value)
    }
}

/// Makes the call, and shows what came of it in the SDK's names.
pub(crate) async fn make(case: &Case, server: &Server) -> Result<Value, Stop> {
    if case.call.method == "client.new" {
        return describe::describe(case).await;
    }
    let client = client::local(case, server)?;
    let call = Arguments::of(case)?;
    let batches = client.batches();
    match case.call.method.as_str() {
        "batches.create" => {
            let job = create::create(&client, Kind::Generate, call)?.await?;
            Ok(sdk::job(&client, &job).await)
        }
        "batches.create_embeddings" => {
            let job = create::create(&client, Kind::Embed, call)?.await?;
            Ok(sdk::job(&client, &job).await)
        }
        "batches.get" => {
            let job = batches.get(call.only("name")?).await?;
            Ok(sdk::job(&client, &job).await)
        }
        "batches.cancel" => {
            batches.cancel(call.only("name")?).await?;
            Ok(Value::Null)
        }
        "batches.delete" => {
            batches.delete(call.only("name")?).await?;
            Ok(json!({}))
        }
        "batches.list" | "batches.list_all" => list(&client, case, call).await,
        "files.get" => {
            let file = client.files().get(&call.only("name")?).await?;
            Ok(sdk::file(&file))
        }
        "files.delete" => {
            client.files().delete(&call.only("name")?).await?;
            Ok(json!({}))
        }
        "files.download" => files::download(&client, call).await,
        "files.list" => files::list(&client, call).await,
        "files.upload" => files::upload(&client, call).await,
        other => not_expressible(format!("there is no {other}")),
    }
}

async fn list(client: &Client, case: &Case, call: Arguments) -> Result<Value, Stop> {
    let mut config = call.config;
    let mut list = client.batches().list();
    if let Some(size) = config.integer("page_size")? {
        list = list.page_size(size);
    }
    if let Some(token) = config.text("page_token")? {
        list = list.page_token(token);
    }
    if let Some(filter) = config.text("filter")? {
        list = list.filter(filter);
    }
    call.args.end()?;
    config.end()?;
    if case.call.method == "batches.list_all" {
        let mut jobs = Vec::new();
        for job in list.all().await? {
            jobs.push(sdk::job(client, &job).await);
        }
        return Ok(Value::Array(jobs));
    }
    let listed = list.page().await?;
    let mut jobs = Vec::new();
    for job in &listed.items {
        jobs.push(sdk::job(client, job).await);
    }
    Ok(page("batch_jobs", jobs, &listed))
}

/// A page in the SDK's names.
pub(crate) fn page<T>(name: &str, items: Vec<Value>, page: &Page<T>) -> Value {
    let mut shown = Map::new();
    shown.insert(name.to_owned(), items.into());
    if let Some(token) = &page.next_page_token {
        shown.insert("next_page_token".to_owned(), token.as_str().into());
    }
    Value::Object(shown)
}
