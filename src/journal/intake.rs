//! What comes in: understood as far as it goes, stored, and only then acknowledged.

mod form;

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::Journal;
use super::planner::lane_of;
use super::store::{Appended, NewEntry, State, StoreError};
use crate::base::metric::Count;
use crate::base::metric::ProjectMetrics;
use crate::model::{call::Moment, event::Event};
use crate::project::Project;
use crate::telephony::{Incoming, ringostat::event};

/// What was told at the door, as it came.
#[derive(Debug, Clone)]
pub struct Telling {
    /// At which moment.
    pub moment: Moment,
    /// What follows the `?`, still escaped.
    pub query: Option<String>,
    /// The Content-Type.
    pub content_type: Option<String>,
    /// The whole body.
    pub body: Bytes,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Stored for the first time, under this number.
    Stored(String),
    /// It had been stored before.
    Known(String),
    /// Stored whole; it could not be understood.
    Unreadable(String),
}

/// An event as it came, kept whole.
#[derive(Serialize)]
struct Raw<'a> {
    query: &'a str,
    content_type: &'a str,
    /// As text where it is text, else in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_hex: Option<String>,
    /// Why it could not be understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Journal {
    /// [`Journal::take`] on a thread of the background: reading what was told must not take a call's.
    ///
    /// # Errors
    /// As there.
    pub async fn take_in(
        self: &Arc<Self>,
        project: &Arc<Project>,
        metrics: &Arc<ProjectMetrics>,
        telling: Telling,
    ) -> Result<Taken, StoreError> {
        let (journal, project, metrics) = (Arc::clone(self), Arc::clone(project), Arc::clone(metrics));
        let taken = self.work.spawn(async move { journal.take(&project, &metrics, telling).await });
        taken.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Stores what was told. When this returns, it is on the disk.
    ///
    /// # Errors
    /// [`StoreError`]: it is not stored.
    ///
    /// # Cost
    /// Reading it, and a part of a flush of the disk: what comes at the same time is flushed together.
    pub async fn take(
        &self,
        project: &Project,
        metrics: &ProjectMetrics,
        telling: Telling,
    ) -> Result<Taken, StoreError> {
        let (entry, readable) = match telling.moment {
            Moment::Form => self.form_entry(project, &telling).await,
            _ => self.entry(project, &telling),
        };
        let appended = self.floor.store.append(entry).await;
        let Appended { id, known, .. } = match appended {
            Ok(appended) => appended,
            Err(error) => {
                metrics.count(Count::EventsRefused);
                return Err(error);
            }
        };
        let id = id.to_string();
        Ok(match (known, readable) {
            (true, _) => {
                metrics.count(Count::EventsKnown);
                Taken::Known(id)
            }
            (false, true) => {
                metrics.count(Count::EventsStored);
                self.wake(&project.name);
                Taken::Stored(id)
            }
            (false, false) => {
                metrics.count(Count::EventsUnreadable);
                Taken::Unreadable(id)
            }
        })
    }

    fn entry(&self, project: &Project, telling: &Telling) -> (NewEntry, bool) {
        let incoming = Incoming {
            query: telling.query.as_deref(),
            content_type: telling.content_type.as_deref(),
            body: &telling.body,
        };
        let read = event::decode(&incoming, telling.moment, &project.events.names);
        let query = without_token(telling.query.as_deref().unwrap_or_default());
        let why = read.as_ref().err().map(ToString::to_string);
        let identity = read.as_ref().map_or_else(
            |_| event::identity_of_unreadable(telling.moment, &query, &telling.body),
            |told| told.identity.clone(),
        );
        let told = read.ok().map(|told| told.event);
        let facts = told.as_ref().and_then(|event| serde_json::to_string(event).ok());
        let call_id = told.as_ref().and_then(|event| event.call_id.clone());
        let lane = lane(project, told.as_ref(), &identity);
        let state = if facts.is_some() { State::Received } else { State::Unreadable };
        let readable = facts.is_some();
        let entry = NewEntry {
            project: project.name.to_string(),
            moment: telling.moment.word().to_owned(),
            call_id,
            identity,
            lane,
            received_ms: self.floor.clock.now().as_millisecond(),
            raw: raw(telling, &query, why),
            facts,
            state,
            same_within_ms: None,
        };
        (entry, readable)
    }
}

impl Journal {
    async fn form_entry(&self, project: &Project, telling: &Telling) -> (NewEntry, bool) {
        let query = without_token(telling.query.as_deref().unwrap_or_default());
        let (identity, lane, facts, why) = match form::read(project, telling).await {
            Ok(form::Read { identity, lane, facts }) => (identity, lane, Some(facts), None),
            Err(why) => (event::identity_of_unreadable(telling.moment, &query, &telling.body), None, None, Some(why)),
        };
        let readable = facts.is_some();
        let entry = NewEntry {
            project: project.name.to_string(),
            moment: telling.moment.word().to_owned(),
            call_id: None,
            lane: lane.unwrap_or_else(|| format!("form:{identity}")),
            identity,
            received_ms: self.floor.clock.now().as_millisecond(),
            raw: raw(telling, &query, why),
            facts,
            state: if readable { State::Received } else { State::Unreadable },
            same_within_ms: readable.then_some(form::SAME_WITHIN_MS),
        };
        (entry, readable)
    }
}

/// The client's lane, or the call's own while its number is not known.
pub(super) fn lane(project: &Project, told: Option<&Event>, identity: &str) -> String {
    let call = |event| super::facts::call_of(std::slice::from_ref(event), &project.numbers, &project.timezone);
    let client = told.and_then(|event| call(event).client);
    let call_id = told.and_then(|event| event.call_id.as_deref());
    client.map_or_else(|| format!("call:{}", call_id.unwrap_or(identity)), lane_of)
}

fn raw(telling: &Telling, query: &str, why: Option<String>) -> Vec<u8> {
    let body = std::str::from_utf8(&telling.body).ok();
    let hexadecimal = || telling.body.iter().map(|byte| format!("{byte:02x}")).collect();
    let raw = Raw {
        query,
        content_type: telling.content_type.as_deref().unwrap_or_default(),
        body,
        body_hex: body.is_none().then(hexadecimal),
        why,
    };
    serde_json::to_vec(&raw).unwrap_or_default()
}

/// The token opens the door and is no part of what happened.
fn without_token(query: &str) -> String {
    query.split('&').filter(|pair| !pair.starts_with("token=")).collect::<Vec<_>>().join("&")
}
