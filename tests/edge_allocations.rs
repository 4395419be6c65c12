//! What a whole call allocates at the edge door, beside a bare server that sends the same reply.

mod counting;
#[cfg(test)]
#[expect(dead_code, reason = "the stage of the integration tests, of which one test uses a part")]
#[path = "it/edge_client.rs"]
mod edge_client;
#[cfg(test)]
#[expect(dead_code, reason = "the stage of the integration tests, of which one test uses a part")]
#[path = "it/edge_desk.rs"]
mod edge_desk;
#[cfg(test)]
#[path = "it/edge_values.rs"]
mod edge_values;
#[cfg(test)]
#[path = "it/stage_settings.rs"]
mod stage_settings;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::thread;

    use bytes::Bytes;
    use http_body_util::Full;
    use hyper::header::{CONTENT_TYPE, HeaderValue};
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Request, Response, body::Incoming};
    use hyper_util::rt::TokioIo;
    use predial::base::clock::Clock;
    use tokio::net::TcpListener;
    use tokio::runtime::{Builder, Runtime};
    use tokio_util::sync::CancellationToken;

    use crate::counting::so_far;
    use crate::edge_client::{Client, get, get_kept, path};
    use crate::edge_desk::{Behind, KNOWN};
    use crate::stage_settings::{ANNA, process};

    /// What a call may allocate beyond the bare server's.
    const MORE: u64 = 2;
    /// The calls that are counted, after as many that are not.
    const CALLS: u64 = 200;

    #[test]
    fn a_whole_call_allocates_at_most_two_times_more_than_a_bare_server() {
        let work = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let behind = work.block_on(Behind::cold(&process(), Clock::System, work.handle()).warm());
        let ours = |session: fn(SocketAddr, u64)| per_call(session, |calls, session| door(&behind, calls, session));
        for (kind, session) in [("closed", closed as fn(SocketAddr, u64)), ("kept", kept)] {
            let (ours, bare) = (ours(session), per_call(session, bare));
            println!("{kind}: {ours} a call, bare {bare}");
            assert!(ours <= bare + MORE, "{kind}: expected at most {MORE} more than {bare}, found {ours}");
        }
    }

    /// A connection per call.
    fn closed(address: SocketAddr, calls: u64) {
        for _ in 0..calls {
            let mut client = Client::connect(address);
            client.send(get(&path("plain", KNOWN)));
            assert!(client.rest().ends_with(ANNA));
        }
    }

    /// One connection for all calls.
    fn kept(address: SocketAddr, calls: u64) {
        let mut client = Client::connect(address);
        for _ in 0..calls {
            client.send(get_kept(&path("plain", KNOWN)));
            assert!(client.reply().ends_with(ANNA));
        }
    }

    /// What each further call costs: a long session less a short one.
    fn per_call(session: fn(SocketAddr, u64), serve: impl Fn(u64, fn(SocketAddr, u64)) -> u64) -> u64 {
        let short = serve(CALLS, session);
        (serve(2 * CALLS, session) - short).div_ceil(CALLS)
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().expect("a runtime")
    }

    /// What this thread allocates while it serves a session.
    fn door(behind: &Behind, calls: u64, session: fn(SocketAddr, u64)) -> u64 {
        let listener = predial::server::listen(process().edge.listen, 1).expect("an address").remove(0);
        let (address, stop) = (listener.local_addr().expect("an address"), CancellationToken::new());
        let (done, runtime) = (stop.clone(), runtime());
        let client = thread::spawn(move || {
            session(address, calls);
            done.cancel();
        });
        let before = so_far();
        runtime.block_on(predial::server::serve(listener, Arc::clone(&behind.door), stop)).expect("a good end");
        let allocated = so_far() - before;
        client.join().expect("every call answered");
        allocated
    }

    /// The same from hyper alone.
    fn bare(calls: u64, session: fn(SocketAddr, u64)) -> u64 {
        let runtime = runtime();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("an address");
        let (address, stop) = (listener.local_addr().expect("an address"), CancellationToken::new());
        let done = stop.clone();
        let client = thread::spawn(move || {
            session(address, calls);
            done.cancel();
        });
        let before = so_far();
        runtime.block_on(async {
            while let Some(Ok((stream, _))) = stop.run_until_cancelled(listener.accept()).await {
                drop(tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(fixed))));
            }
        });
        let allocated = so_far() - before;
        client.join().expect("every call answered");
        allocated
    }

    async fn fixed(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let mut response = Response::new(Full::new(Bytes::from_static(ANNA.as_bytes())));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        Ok(response)
    }
}
