//! The integration tests: the service in process on port 0, the sandbox for everything outside.

#[cfg(test)]
mod backlog;
#[cfg(test)]
mod calls_count;
#[cfg(test)]
mod calls_disk;
#[cfg(test)]
mod calls_faults;
#[cfg(test)]
mod calls_given_up;
#[cfg(test)]
mod calls_kill;
#[cfg(test)]
mod calls_late;
#[cfg(test)]
mod calls_pause;
#[cfg(test)]
mod calls_process;
#[cfg(test)]
mod calls_put_off;
#[cfg(test)]
mod calls_scene;
#[cfg(test)]
mod calls_script;
#[cfg(test)]
mod calls_told;
#[cfg(test)]
mod calls_written;
#[cfg(test)]
mod changes_stage;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod cli_journal;
#[cfg(test)]
mod cli_log;
#[cfg(test)]
mod cli_serve;
#[cfg(test)]
mod codecs;
#[cfg(test)]
mod crm_rows;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod edge_card;
#[cfg(test)]
mod edge_changes;
#[cfg(test)]
mod edge_client;
#[cfg(test)]
mod edge_connections;
#[cfg(test)]
mod edge_crowd;
#[cfg(test)]
mod edge_deadline;
#[cfg(test)]
mod edge_desk;
#[cfg(test)]
mod edge_forms;
#[cfg(test)]
mod edge_origin;
#[cfg(test)]
mod edge_refusals;
#[cfg(test)]
mod edge_values;
#[cfg(test)]
mod fault_stage;
#[cfg(test)]
mod fault_table;
#[cfg(test)]
mod forms_door;
#[cfg(test)]
mod many_numbers;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod odd_lists;
#[cfg(test)]
mod ops;
#[cfg(test)]
mod ops_journal;
#[cfg(test)]
mod ops_stage;
#[cfg(test)]
mod quota_pace;
#[cfg(test)]
mod reconcile;
#[cfg(test)]
mod reconcile_many;
#[cfg(test)]
mod reconcile_runs;
#[cfg(test)]
mod reconcile_stage;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod route_try;
#[cfg(test)]
mod rows_card;
#[cfg(test)]
mod rows_enrich;
#[cfg(test)]
mod rows_forms;
#[cfg(test)]
mod rows_hold;
#[cfg(test)]
mod rows_hubspot;
#[cfg(test)]
mod rows_match;
#[cfg(test)]
mod rows_more;
#[cfg(test)]
mod rows_pause;
#[cfg(test)]
mod rows_pipedrive;
#[cfg(test)]
mod rows_smart_crm;
#[cfg(test)]
mod rows_stage;
#[cfg(test)]
mod rows_zoho_crm;
#[cfg(test)]
mod rows_zoho_desk;
#[cfg(test)]
mod scenario_try;
#[cfg(test)]
mod small_disk;
#[cfg(test)]
mod stage_settings;
#[cfg(test)]
mod unforced_crawls;
#[cfg(test)]
mod whole;
#[cfg(test)]
mod whole_changes;
#[cfg(test)]
mod whole_contact_book;
#[cfg(test)]
mod whole_days;
#[cfg(test)]
mod whole_reload;
#[cfg(test)]
mod whole_staff;
#[cfg(test)]
mod whole_stage;
mod whole_tokens;
