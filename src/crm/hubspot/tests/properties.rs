//! Property names that requests may have.

/// The closed list, by kind: the description leaves properties open, so a misspelt one is nobody's error. Who asks for
/// another adds it here, having looked it up in the vendor's client or pages.
///
/// Those that begin with `predial_` are the tests' own; all may have them.
pub(super) const PROPERTIES: [(&str, &[&str]); 8] = [
    (
        "contacts",
        &[
            "hubspot_owner_id",
            "lastmodifieddate",
            "phone",
            "mobilephone",
            "hs_object_id",
            "hs_searchable_calculated_phone_number",
            "hs_searchable_calculated_mobile_number",
            "firstname",
            "lastname",
            "email",
        ],
    ),
    (
        "companies",
        &[
            "hubspot_owner_id",
            "hs_lastmodifieddate",
            "phone",
            "hs_object_id",
            "hs_searchable_calculated_phone_number",
            "name",
            "description",
        ],
    ),
    (
        "deals",
        &[
            "hubspot_owner_id",
            "hs_lastmodifieddate",
            "hs_object_id",
            "hs_is_closed",
            "pipeline",
            "dealstage",
            "dealname",
            "description",
        ],
    ),
    (
        "tickets",
        &[
            "hubspot_owner_id",
            "hs_lastmodifieddate",
            "hs_object_id",
            "hs_pipeline",
            "hs_pipeline_stage",
            "subject",
            "content",
        ],
    ),
    ("leads", &["hubspot_owner_id", "hs_lastmodifieddate", "hs_object_id", "hs_lead_name"]),
    (
        "tasks",
        &["hubspot_owner_id", "hs_timestamp", "hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_type"],
    ),
    (
        "calls",
        &[
            "hubspot_owner_id",
            "hs_timestamp",
            "hs_call_title",
            "hs_call_body",
            "hs_call_direction",
            "hs_call_disposition",
            "hs_call_duration",
            "hs_call_from_number",
            "hs_call_to_number",
            "hs_call_recording_url",
            "hs_call_source",
            "hs_call_status",
        ],
    ),
    ("notes", &["hubspot_owner_id", "hs_timestamp", "hs_note_body"]),
];
