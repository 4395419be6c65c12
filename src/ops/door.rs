//! Listening and serving.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections at once: operators, a scraper, a few streams of events. The next waits in the kernel's queue.
const MAX_CONNECTIONS: usize = 128;
/// How long a request's head may take, and how long a kept connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// A request's head, at most.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// How long answers under way may take when the door closes.
const DRAIN: Duration = Duration::from_secs(5);
/// How long nothing is accepted after an accept failed: out of descriptors, say.
const ACCEPT_REST: Duration = Duration::from_millis(200);

/// Why the door does not open.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Beyond loopback anybody could ask.
    #[error(
        "expected ops.token, since ops.listen = \"{listen}\" is beyond loopback, found none; \
         set ops.token, or listen on 127.0.0.1"
    )]
    TokenMissing {
        /// Where it was to listen.
        listen: SocketAddr,
    },
    /// The address cannot be had.
    #[error("expected to listen on {listen} (ops.listen)")]
    Address {
        /// Where it was to listen.
        listen: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Opens the door.
///
/// # Errors
/// [`BindError::TokenMissing`] beyond loopback without a token, whatever the configuration said before: the command
/// line may have changed the address since.
pub async fn bind(listen: SocketAddr, has_token: bool) -> Result<TcpListener, BindError> {
    if !has_token && !listen.ip().to_canonical().is_loopback() {
        return Err(BindError::TokenMissing { listen });
    }
    TcpListener::bind(listen).await.map_err(|source| BindError::Address { listen, source })
}

/// Answers until `stop`, then finishes what is under way, within five seconds.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let tracker = TaskTracker::new();
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _peer)) => {
                let connection = answer(stream, router.clone(), stop.clone());
                tracker.spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(error = %error, "the ops door could not accept a connection");
                sleep(ACCEPT_REST).await;
            }
        }
    }
    tracker.close();
    if timeout(DRAIN, tracker.wait()).await.is_err() {
        tracing::warn!(open = tracker.len(), "the ops door closed on connections that did not end");
    }
}

async fn answer(stream: TcpStream, router: Router, stop: CancellationToken) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(error = %error, "a connection of the ops door ended early");
    }
}
