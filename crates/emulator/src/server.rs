//! The server loop: it accepts connections on a thread of its own, of HTTP/1.1 and of HTTP/2 for who
//! begins with it, notes every call, lets the fault switches have their say, and hands the rest to the
//! service that the path names.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::body::drain;
use crate::dispatch::Target;
use crate::error::ApiError;
use crate::faults::{Failure, canned, echo};
use crate::log::{RequestRecord, without_key};
use crate::reply::Cut;
use crate::sabotage;
use crate::services::Services;

/// A running server, which stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    /// Serves on a thread with a runtime of its own, so that neither the caller's runtime nor a
    /// clock that a test has stopped there matters.
    pub(crate) fn start(listener: TcpListener, services: Arc<Services>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("genai-batch-emulator")
            .enable_all()
            .build()?;
        let listener = {
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("genai-batch-emulator".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    services.go_on();
                    tokio::select! {
                        () = accept(listener, services) => {}
                        _ = stopped => {}
                    }
                });
                runtime.shutdown_background();
            })?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only fails if the thread panicked, and then the server is gone as well.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, services: Arc<Services>) {
    let mut connections = JoinSet::new();
    loop {
        // A connection that could not be accepted is the client's to repeat.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        while connections.try_join_next().is_some() {}
        let services = Arc::clone(&services);
        let open = Arc::clone(&services.connections);
        connections.spawn(async move {
            let _open = open;
            let service = service_fn(move |request| answer(Arc::clone(&services), request));
            let _ = stream.set_nodelay(true);
            // The error of a connection that was cut, on either side, concerns nobody here.
            let _ = auto::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Answers one call, or says to cut the connection.
async fn answer(services: Arc<Services>, request: Request<Incoming>) -> Result<Response, Cut> {
    let (head, body) = request.into_parts();
    let body = Body::new(body);
    let target = Target::of(&head);
    let operation = target.as_ref().map(Target::operation);
    let index = services.log.received(RequestRecord {
        operation,
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: without_key(head.uri.query().unwrap_or_default()),
        status: None,
    });
    let failure = operation.and_then(|operation| services.faults.take_failure(operation));
    let serve = async |body| serve(&services, target, &head, body).await;
    let response = match failure {
        None => serve(body).await,
        Some(Failure::Status {
            code,
            body: text,
            headers,
        }) => {
            drain(body).await;
            canned(code, text, &headers)
        }
        Some(Failure::CloseBeforeAnswer) => {
            drain(body).await;
            return Err(Cut);
        }
        Some(Failure::CloseAfterEffect) => {
            serve(body).await;
            return Err(Cut);
        }
        Some(Failure::StatusAfterEffect { code }) => {
            serve(body).await;
            canned(code, String::new(), &[])
        }
        Some(Failure::CutAnswer { after }) => sabotage::cut(serve(body).await, |_| after).await?,
        Some(Failure::CutAnswerAt { permille }) => {
            let share = |len| sabotage::share(len, permille);
            sabotage::cut(serve(body).await, share).await?
        }
        Some(Failure::Drip { piece, pause }) => {
            sabotage::drip(serve(body).await, piece, pause).await?
        }
        Some(Failure::CutRequest { after }) => {
            sabotage::take_in(body, after).await;
            return Err(Cut);
        }
        Some(Failure::DeliverTwice) => {
            let body = sabotage::whole(body).await.ok_or(Cut)?;
            serve(Body::from(body.clone())).await;
            let again = Target::of(&head);
            self::serve(&services, again, &head, Body::from(body)).await
        }
        Some(Failure::Hang) => {
            drain(body).await;
            std::future::pending::<Infallible>().await;
            return Err(Cut);
        }
        Some(Failure::AnswerOf { path }) => {
            serve(body).await;
            let other = read_of(&head, &path).ok_or(Cut)?;
            self::serve(&services, Target::of(&other), &other, Body::empty()).await
        }
        Some(Failure::Echo { code }) => {
            let body = sabotage::whole(body).await.ok_or(Cut)?;
            echo(code, &head.headers, &body)
        }
    };
    services.log.answered(index, response.status().as_u16());
    Ok(response)
}

/// A read of this path by the caller of `head`; `None` for a path that cannot be one.
fn read_of(head: &Parts, path: &str) -> Option<Parts> {
    let mut read = Request::get(path).body(()).ok()?.into_parts().0;
    read.headers = head.headers.clone();
    read.headers.remove(CONTENT_LENGTH);
    Some(read)
}

/// The response of the service that a call is for.
async fn serve(services: &Services, target: Option<Target>, head: &Parts, body: Body) -> Response {
    let response = match target {
        Some(target) => target.serve(services, head, body).await,
        None => {
            drain(body).await;
            let (method, path) = (&head.method, head.uri.path());
            ApiError::not_found(format!("There is no {method} {path}.")).into_response()
        }
    };
    match services.state.failure() {
        // Nothing is said that the next process would not know.
        Some(failure) => {
            ApiError::internal(format!("The emulator stopped: {failure}")).into_response()
        }
        None => response,
    }
}
