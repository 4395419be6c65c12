//! The settings of a stage that is put up in process, without a file: those of CONTRACT where a test does not care.

use std::{collections::BTreeMap, time::Duration};

use predial::{
    base::{problem::Placed, secret::Secret},
    config::{
        BlockSettings, CardSettings, CrmSection, EdgeSettings, EventSettings, JournalSettings, LiveSettings, LogFormat,
        OpsSettings, OutboundSettings, ProcessSettings, ProjectSettings, ScenarioSettings, SnapshotSettings, Tokens,
    },
    model::employee::Employee,
};

/// Where Anna is called.
pub(crate) const ANNA: &str = "acme_anna";

/// The process's settings, with time-outs that no test waits for unless it asks to.
pub(crate) fn process() -> ProcessSettings {
    let minute = Duration::from_secs(60);
    ProcessSettings {
        edge: EdgeSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            threads: 2,
            max_connections: 1_000,
            head_timeout: minute,
            body_timeout: minute,
            idle_timeout: minute,
            max_head_bytes: 16 << 10,
            max_body_bytes: 64 << 10,
            trusted_proxies: Vec::new(),
            drain: minute,
        },
        ops: OpsSettings { listen: ([127, 0, 0, 1], 0).into(), token: None },
        data: "data".into(),
        snapshot: SnapshotSettings { keep: 5, every: minute, catch_up: minute },
        log: "off".to_owned(),
        log_format: LogFormat::Text,
        live: LiveSettings {
            queue: 1_000,
            reserve: Duration::from_millis(20),
            negative_entries: 100,
            negative_ttl: minute,
            breaker_failures: 10,
            breaker_open: minute,
        },
        outbound: OutboundSettings { connect_timeout: minute, request_timeout: minute, max_body_bytes: 1 << 20 },
        work_threads: 1,
        journal: JournalSettings {
            workers: 1,
            lease: Duration::from_secs(10),
            first_retry: Duration::from_secs(1),
            longest_retry: Duration::from_secs(1),
            give_up: Duration::from_secs(3_600),
            probe: Duration::from_secs(1),
            max_recording_bytes: 1 << 20,
            recording_gap: Duration::ZERO,
        },
    }
}

/// A block that is answered in `answer`, with the deadline of CONTRACT's default.
pub(crate) fn block(answer: &str) -> BlockSettings {
    BlockSettings {
        priority: vec![Placed::new("contact".to_owned(), 1)],
        answer: Placed::new(answer.to_owned(), 1),
        answer_field: "destination".to_owned(),
        result_string: false,
        deadline: Duration::from_millis(800),
        unassigned_goes_on: false,
        deal_via_contact: true,
        deal_via_organization: false,
        miss_status: 200,
        miss_destination: None,
        caller_field: None,
        call_id_field: None,
    }
}

/// A project in Ukraine before a CRM `values`, whose one employee is Anna; `token` is that of all its endpoints. It has no
/// block yet.
pub(crate) fn project(name: &str, token: &str) -> ProjectSettings {
    let token = || Secret::new(token);
    let anna = Employee {
        name: "Anna".into(),
        crm_user: Some("101".into()),
        main: vec![ANNA.into()],
        other: Vec::new(),
        staff_id: None,
        email: None,
        extension: None,
        top_manager: true,
    };
    ProjectSettings {
        file: format!("{name}.toml"),
        name: name.to_owned(),
        tokens: Tokens { route: token(), events: token(), forms: token(), card: token(), changes: token() },
        allow: Vec::new(),
        timezone: "Europe/Kyiv".to_owned(),
        country: Placed::new("UA".to_owned(), 1),
        public_url: None,
        crm: CrmSection::of_kind("values"),
        ringostat: None,
        employees: vec![Placed::new(anna, 1)],
        card: CardSettings::default(),
        blocks: BTreeMap::new(),
        scenario: ScenarioSettings::default(),
        forms: predial::config::FormSettings::default(),
        events: EventSettings::default(),
        resend_after_pause: false,
        retention: Duration::from_secs(30 * 86_400),
        decisions_kept: Duration::from_secs(14 * 86_400),
    }
}
