//! What a whole GET allocates at the edge door, beside a bare hyper server that sends the same headers.

mod counting;
#[path = "../benches/edge/mod.rs"]
mod edge;
#[path = "../benches/world/mod.rs"]
mod world;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::Future;
    use std::net::{SocketAddr, TcpListener};
    use std::thread;

    use bytes::Bytes;
    use http_body_util::Full;
    use hyper::header::{CONTENT_TYPE, HeaderValue};
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Request, Response, body::Incoming};
    use hyper_util::rt::TokioIo;
    use predial::server::serve;
    use tokio::runtime::Builder;
    use tokio::sync::oneshot;
    use tokio_util::sync::CancellationToken;

    use crate::counting::so_far;
    use crate::edge::{Caller, door, request};
    use crate::world::{QUESTIONS, Question, World};

    /// Requests of one count; what is allocated once, or now and then, is lost in the division.
    const GETS: u64 = 1_000;
    /// What a look-up may allocate beyond a bare server.
    const MORE: u64 = 2;
    /// Of so many `get`s one does moka's housekeeping, which may allocate once (see `allocations.rs`).
    const HOUSEKEEPING: u64 = 64;

    #[test]
    fn a_get_on_a_kept_connection_allocates_at_most_two_more_than_a_bare_servers() {
        compare("keep-alive");
    }

    #[test]
    fn a_get_on_its_own_connection_allocates_at_most_two_more_than_a_bare_servers() {
        compare("close");
    }

    #[track_caller]
    fn compare(connection: &'static str) {
        let world = World::with_clients(2_000);
        let (address, listener, door) = door(&world);
        let ours = allocations(connection, address, serve(listener, door, CancellationToken::new()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let bare = allocations(connection, listener.local_addr().unwrap(), bare(listener));
        println!("{connection}: {} allocations a GET, a bare server {}", per_get(ours), per_get(bare));
        assert!(bare >= GETS, "a bare server allocates something for each GET: {bare}");
        let most = bare + MORE * GETS + GETS / HOUSEKEEPING;
        assert!(ours <= most, "{ours} by {GETS} GETs, a bare server {bare}");
    }

    #[expect(clippy::cast_precision_loss, reason = "printed with one decimal")]
    fn per_get(allocations: u64) -> String {
        format!("{:.1}", allocations as f64 / GETS as f64)
    }

    /// What this thread allocates while it serves `GETS` requests that another thread sends.
    fn allocations(
        connection: &'static str,
        address: SocketAddr,
        server: impl Future<Output: Send> + Send + 'static,
    ) -> u64 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.spawn(server);
        let once = |gets| {
            runtime.block_on(async move {
                let before = so_far();
                let (done, all) = oneshot::channel();
                let asking = thread::spawn(move || {
                    ask(connection, address, gets);
                    done.send(()).is_ok()
                });
                all.await.expect("every answer");
                assert!(asking.join().unwrap());
                so_far() - before
            })
        };
        // What the thread, the channel and the first connection take is in both counts.
        let few = once(GETS);
        once(2 * GETS) - few
    }

    fn ask(connection: &str, address: SocketAddr, gets: u64) {
        let question = get();
        let request = request(question, connection);
        let mut kept = (connection == "keep-alive").then(|| Caller::to(address));
        for _ in 0..gets {
            match &mut kept {
                Some(caller) => caller.ask(&request, question.answer),
                None => Caller::to(address).ask(&request, question.answer),
            }
        }
    }

    fn get() -> &'static Question {
        QUESTIONS.iter().find(|question| question.form == "query").unwrap()
    }

    /// hyper alone: it reads the head, and sends what the edge door would.
    async fn bare(listener: TcpListener) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let answer = |_: Request<Incoming>| async {
                let mut response = Response::new(Full::new(Bytes::from_static(get().answer.as_bytes())));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
                Ok::<_, Infallible>(response)
            };
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    }
}
