//! The outside world by itself: a stand-in CRM on a port, or calls placed by hand.

mod cli;

use std::{io, io::Write, process::ExitCode};

use clap::{Parser, Subcommand};
use cli::{hubspot, pbx, pipedrive, ringostat_api, serve, smart_crm, zoho_crm, zoho_desk};

#[derive(Parser)]
#[command(about = "The outside world of predial: stand-in CRMs, and a telephone system that asks")]
struct Line {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Runs a stand-in for HubSpot until Ctrl-C.
    #[command(after_help = hubspot::EXAMPLES)]
    Hubspot(hubspot::HubspotArgs),
    /// Runs a stand-in for Pipedrive until Ctrl-C.
    #[command(after_help = pipedrive::EXAMPLES)]
    Pipedrive(pipedrive::PipedriveArgs),
    /// Runs a stand-in for Ringostat's own API until Ctrl-C.
    #[command(after_help = ringostat_api::EXAMPLES)]
    RingostatApi(ringostat_api::RingostatApiArgs),
    /// Runs a stand-in for SMART CRM (Microsoft Dataverse) until Ctrl-C.
    #[command(after_help = smart_crm::EXAMPLES)]
    SmartCrm(smart_crm::SmartCrmArgs),
    /// Runs a stand-in for Zoho CRM until Ctrl-C.
    #[command(after_help = zoho_crm::EXAMPLES)]
    ZohoCrm(zoho_crm::ZohoCrmArgs),
    /// Runs a stand-in for Zoho Desk until Ctrl-C.
    #[command(after_help = zoho_desk::EXAMPLES)]
    ZohoDesk(zoho_desk::ZohoDeskArgs),
    /// Asks who is responsible for a caller, as Ringostat does before it dials.
    #[command(after_help = pbx::EXAMPLES)]
    Pbx(pbx::PbxArgs),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Line::parse().what {
        What::Hubspot(args) => serve::<sandbox::hubspot::Account>(args).await.map(|()| true),
        What::Pipedrive(args) => serve::<sandbox::pipedrive::Account>(args).await.map(|()| true),
        What::RingostatApi(args) => serve::<sandbox::ringostat_api::Account>(args).await.map(|()| true),
        What::SmartCrm(args) => serve::<sandbox::smart_crm::Account>(args).await.map(|()| true),
        What::ZohoCrm(args) => serve::<sandbox::zoho_crm::Account>(args).await.map(|()| true),
        What::ZohoDesk(args) => serve::<sandbox::zoho_desk::Portal>(args).await.map(|()| true),
        What::Pbx(args) => pbx::run(&args).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            let _ = writeln!(io::stderr(), "sandbox: {problem}");
            ExitCode::FAILURE
        }
    }
}
