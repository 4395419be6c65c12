//! What the telephone system can read and what it cannot.

use std::{io, net::Ipv4Addr, time::Duration};

use sandbox::pbx::{Ask, Form, Heard, Pbx};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Asks a server that answers with these bytes and closes; also gives what it was asked.
async fn asked_of(reply: &'static [u8]) -> (io::Result<Heard>, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let pbx = Pbx::new(listener.local_addr().unwrap()).host("predial.example");
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut request).await.unwrap() > 0);
        }
        stream.write_all(reply).await.unwrap();
        String::from_utf8(request).unwrap()
    };
    let ask = Ask::new(Form::Query, "/acme/route/sales").field("caller", "380671112233");
    tokio::join!(pbx.ask(&ask), server)
}

#[tokio::test]
async fn a_reply_with_its_length_is_heard_whole() {
    let (heard, request) =
        asked_of(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nacme_anna").await;
    let heard = heard.unwrap();
    assert_eq!((heard.status, heard.body.as_slice()), (200, b"acme_anna".as_slice()));
    assert_eq!(heard.header("content-type"), Some("text/plain"));
    assert!(request.contains("\r\nHost: predial.example\r\nOrigin: predial.example\r\n"));
}

#[tokio::test]
async fn a_204_needs_no_length() {
    let (heard, _) = asked_of(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").await;
    assert_eq!(heard.unwrap().status, 204);
}

#[tokio::test]
async fn replies_that_a_hand_written_client_cannot_read_are_refused() {
    let replies: [(&[u8], io::ErrorKind); 8] = [
        (b"HTTP/1.1 200 OK\r\n\r\nacme_anna", io::ErrorKind::InvalidData),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", io::ErrorKind::InvalidData),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", io::ErrorKind::InvalidData),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", io::ErrorKind::InvalidData),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nacme_anna", io::ErrorKind::InvalidData),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nacme_anna", io::ErrorKind::UnexpectedEof),
        (b"HTTP/1.1 200 OK\r\nContent-Le", io::ErrorKind::UnexpectedEof),
        (b"ICY 200 OK\r\nContent-Length: 0\r\n\r\n", io::ErrorKind::InvalidData),
    ];
    for (reply, kind) in replies {
        let (heard, _) = asked_of(reply).await;
        assert_eq!(heard.unwrap_err().kind(), kind, "{}", String::from_utf8_lossy(reply));
    }
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let pbx = Pbx::new(listener.local_addr().unwrap()).patience(Duration::from_secs(5));
    let began = tokio::time::Instant::now();
    let problem = pbx.ask(&Ask::new(Form::Query, "/")).await.unwrap_err();
    assert_eq!((problem.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 5));
}
