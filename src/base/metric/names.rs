//! The names. Each stands here once; elsewhere metrics are named by these enums.

/// A name and what the operator reads beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    /// Without the prefix; counters without `_total`, which the text form adds.
    pub(super) text: &'static str,
    /// Without a full stop: the text form adds it.
    pub(super) help: &'static str,
}

/// An enum whose variants are metrics: the discriminant is the index into the array of handles.
macro_rules! metrics {
    ($(#[$doc:meta])* $kind:ident { $($variant:ident = $text:literal, $help:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $kind {
            $(#[doc = concat!($help, ".")] $variant,)+
        }

        impl $kind {
            /// Every one, in the order of the discriminants.
            pub const ALL: [Self; [$(Self::$variant),+].len()] = [$(Self::$variant),+];

            pub(super) const fn name(self) -> Name {
                match self {
                    $(Self::$variant => Name { text: $text, help: $help },)+
                }
            }
        }
    };
}

metrics! {
    /// What is counted per project; shown with `_total`.
    Count {
        DeadlineOverruns = "deadline_overruns", "Replies that left after their deadline";
        Malformed = "requests_malformed", "Requests refused as malformed";
        Unauthorised = "requests_unauthorised", "Requests refused for their token or address";
        UnknownBlock = "requests_unknown_block", "Requests for a block that is not configured";
        LiveAsked = "live_questions", "Questions sent to the CRM while a call waited";
        LiveJoined = "live_joined", "Calls that joined a question already under way";
        LiveFailed = "live_failed", "Questions that the CRM did not answer usefully";
        LiveNoQuota = "live_no_quota", "Questions not sent because no quota was to be had in time";
        LiveRefusedBreaker = "live_refused_breaker", "Questions not sent because the breaker was open";
        LiveRefusedQueue = "live_refused_queue", "Questions not sent because too many were under way";
        BreakerOpened = "breaker_opened", "Times the breaker opened";
        CrawlPages = "crawl_pages", "Pages read by crawls and sweeps";
        CrawlRecords = "crawl_records", "Records read by crawls and sweeps";
        CrawlWaits = "crawl_waits", "Times a crawl or sweep waited for quota or was told to wait";
        CrawlsDone = "crawls_done", "Full crawls completed";
        CrawlsFailed = "crawls_failed", "Full crawls that failed, were stopped or were refused";
        SweepsDone = "sweeps_done", "Sweeps completed";
        SweepsFailed = "sweeps_failed", "Sweeps that failed";
        ChangesHeard = "changes_heard", "Changes that the CRM told by webhook";
        ChangesRefused = "changes_refused", "Webhooks that did not come from the CRM or could not be read";
        RecordsReread = "records_reread", "Records read again because a webhook named them";
        HintsDropped = "hints_dropped", "Changes told by webhook that could not be read again and were left to the next sweep";
        SnapshotsWritten = "snapshots_written", "Snapshots of the directory written to disk";
        SnapshotsFailed = "snapshots_failed", "Snapshots that could not be written";
        SnapshotsRefused = "snapshots_refused", "Snapshots found damaged or of something else, and not answered from";
        EventsStored = "events_stored", "Events of calls stored for the first time";
        EventsKnown = "events_known", "Events of calls that had been stored before";
        EventsUnreadable = "events_unreadable", "Events of calls stored whole because they could not be understood";
        EventsRefused = "events_refused", "Events of calls that could not be stored";
        ReconciledCalls = "reconciled_calls", "Calls that nobody told the end of, read from the telephone system's list";
        ReconciledAmendments = "reconciled_amendments", "Calls of which the telephone system's list knew more than was told";
        ReconciliationsDone = "reconciliations_done", "Runs that compared all calls with the telephone system's list";
        ReconciliationsFailed = "reconciliations_failed", "Runs that could not compare all calls with the telephone system's list";
        JournalWritten = "journal_written", "Steps written to the CRM";
        JournalWaited = "journal_waited", "Entries of the journal put off because the CRM did not take them";
        JournalDead = "journal_given_up", "Entries of the journal given up";
        JournalCredentials = "journal_credentials_refused", "Times writing paused because the CRM refused the credentials";
        DecisionsWritten = "decisions_written", "Answers to calls recorded on the disk";
        DecisionsDropped = "decisions_dropped", "Answers to calls that were not recorded: too many at once, or the disk did not take them";
        ContactsPushed = "contact_book_pushed", "Entries told to Ringostat's contact book";
        ContactsFailed = "contact_book_failed", "Entries that Ringostat's contact book did not take, each time";
        CardsShown = "cards_shown", "Requests for a client's card answered with one";
        CardsNone = "cards_none", "Requests for a client's card where there was none";
        NumbersUnreadable = "numbers_unreadable", "Numbers of the CRM that could not be read";
    }
}

metrics! {
    /// What stands somewhere per project.
    Level {
        DirectoryNumbers = "directory_numbers", "Numbers held in memory";
        DirectoryRecords = "directory_records", "Open entities held in memory";
        DirectoryAge = "directory_age_seconds", "Seconds since the last good crawl or sweep";
        DirectoryCompleteSince = "directory_complete_since_timestamp_seconds", "When the directory became complete, Unix time";
        LiveUnderWay = "live_under_way", "Questions to the CRM under way";
        Breaker = "breaker_state", "Breaker of the CRM: 0 closed, 1 half open, 2 open";
        QuotaLeft = "quota_left", "What is left of the day's budget, in the vendor's unit";
        QuotaForecast = "quota_forecast", "What will have been spent when the day ends, in the vendor's unit";
        QuotaLimited = "quota_limited", "Times the CRM said 429 since the account's ledger was begun";
        QuotaHeld = "quota_held_seconds", "Seconds left of the pause the CRM asked for, 0 where it asked for none";
        JournalOpen = "journal_open", "Entries of the journal that something is still to be done for";
        JournalLater = "journal_later", "Entries of the journal that wait to be tried again";
        JournalStored = "journal_stored", "Entries of the journal stored during a pause";
        JournalDeadNow = "journal_dead", "Entries of the journal given up and kept";
        JournalOldest = "journal_oldest_seconds", "Age of the oldest entry that something is still to be done for, 0 where there is none";
        JournalPaused = "journal_paused", "Whether writing to the CRM is paused: 0 no, 1 by an operator, 2 because it refuses the credentials";
        WarmUpUnderWay = "warm_up_under_way", "Whether a warm-up is under way: 1 or 0";
    }
}

impl Level {
    /// Whether nothing is known of it before it is first set; it is shown as `NaN` until then.
    pub(super) const fn is_unknown_at_first(self) -> bool {
        matches!(
            self,
            Self::DirectoryAge
                | Self::DirectoryCompleteSince
                | Self::QuotaLeft
                | Self::QuotaForecast
                | Self::QuotaLimited
                | Self::QuotaHeld
        )
    }
}

metrics! {
    /// What is counted for the process; shown with `_total`.
    ProcessCount {
        Connections = "connections", "Connections accepted at the edge door";
        ConnectionsOverCap = "connections_over_cap", "Connections closed at once because the cap was reached";
        AcceptErrors = "accept_errors", "Failures to accept a connection";
        HeadTimeouts = "head_timeouts", "Connections closed because the head of a request did not come in time";
        HeadsMalformed = "heads_malformed", "Connections closed because what came was no HTTP request";
        UnknownProject = "requests_unknown_project", "Requests for a project that is not configured";
        NotFound = "requests_not_found", "Requests for a path that is none of ours";
        OpsUnauthorised = "ops_unauthorised", "Requests to the ops door refused for their token, host or origin";
        ReloadsDone = "reloads_done", "Configurations put in force after the first";
        ReloadsRefused = "reloads_refused", "Configurations refused; what was in force stayed";
    }
}

metrics! {
    /// What stands somewhere for the process.
    ProcessLevel {
        ConnectionsOpen = "connections_open", "Connections open at the edge door";
        ProjectsInForce = "projects_in_force", "Projects configured and in force";
    }
}
