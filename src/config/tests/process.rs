//! The process: the operator's file, the environment, the command line.

use std::path::Path;

use super::{GOOD, project};
use crate::config::{Overrides, examine};

#[test]
fn the_operators_file_and_then_the_environment_change_the_process() {
    let folder = project(GOOD)
        .with("default.toml", "[edge]\nthreads = 3\nlisten = \"127.0.0.1:9000\"\n[live]\nqueue = 7\n")
        .with_variable("PREDIAL__EDGE__THREADS", "4")
        .with_variable("PREDIAL__EDGE__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1")
        .with_variable("PREDIAL__OPS__LISTEN", "0.0.0.0:8081")
        .with_variable("PREDIAL__OPS__TOKEN", "ops-token-0123456789");
    let process = folder.read().unwrap().process;
    assert_eq!((process.edge.threads, process.live.queue), (4, 7));
    assert_eq!(process.edge.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(process.edge.trusted_proxies.len(), 2);
    assert_eq!(process.ops.token.unwrap().expose(), "ops-token-0123456789");
}

#[test]
fn problems_of_the_process_name_their_file_or_variable() {
    let folder = project(GOOD)
        .with(
            "default.toml",
            "[edge]\nport = 80\nmax_connections = 1\n[server]\n[ops]\nlisten = \"0.0.0.0:8080\"\nlive = 3\n",
        )
        .with_variable("PREDIAL__EDGE__THREADS", "many")
        .with_variable("PREDIAL__LIVE__QEUE", "1")
        .with_variable("PREDIAL__LIVE", "1")
        .with_variable("PREDIAL__LOG__FORMAT", "xml")
        .with_variable("PREDIAL__LOG__FILTER", "predial=loud");
    assert_eq!(
        folder.problems(),
        [
            "default.toml:2: edge.port: expected the key's name, `listen`, found `port`",
            "default.toml:3: edge.max_connections: expected a whole number, 16 to 1000000 connections, found 1",
            "default.toml:4: server: expected the key's name, `edge`, found `server`",
            "default.toml:6: ops.listen: expected another port than edge.listen, found 127.0.0.1:8080 and 0.0.0.0:8080",
            "default.toml:6: ops.token: expected a token where ops.listen is beyond loopback, found 0.0.0.0:8080 without one",
            "default.toml:7: expected a key of `ops`, one of `listen`, `token`, found `live`",
            "PREDIAL__EDGE__THREADS:0: edge.threads: expected a whole number, found other text",
            "PREDIAL__LIVE:0: expected PREDIAL__SECTION__KEY in capitals, found another name",
            "PREDIAL__LIVE__QEUE:0: expected a key of `live`, found `qeue`; did you mean `queue`?",
            "PREDIAL__LOG__FILTER:0: log.filter: expected a filter in tracing's words, say info or predial=debug,warn, found \
         `predial=loud`",
            "PREDIAL__LOG__FORMAT:0: log.format: expected one of `text`, `json`, found `xml`",
        ]
    );
}

#[test]
fn the_command_line_comes_last_and_is_held_to_the_same_rules() {
    let folder = project(GOOD);
    let overrides = Overrides {
        edge: Some("127.0.0.1:0".parse().unwrap()),
        ops: Some("0.0.0.0:0".parse().unwrap()),
        data: Some("elsewhere".into()),
    };
    let found = examine(Some(folder.dir.path()), &folder.environment, &overrides);
    assert_eq!(found.settings.process.data, Path::new("elsewhere"));
    assert_eq!(
        folder.listed(&found.problems),
        ["--ops:0: ops.token: expected a token where ops.listen is beyond loopback, found 0.0.0.0:0 without one",]
    );
}
