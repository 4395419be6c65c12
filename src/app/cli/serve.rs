//! `predial serve`: the service, until a signal ends it.

use std::sync::Arc;

use super::{Ending, Outcome, arguments::ServeArguments, check::listed, complain, print, remark};
use crate::app::{Overrides, Service, StartError};
use crate::base::environment::ProcessEnvironment;

pub(super) fn run(arguments: ServeArguments) -> Outcome {
    let ServeArguments { config, edge, ops, data } = arguments;
    let overrides = Overrides { config: Some(config.config), edge, ops, data };
    let service = match Service::start(&overrides, Arc::new(ProcessEnvironment)) {
        Ok(service) => service,
        Err(StartError::Configuration(problems)) => {
            remark(listed(&problems)?.trim_end());
            return Ok(Ending::Refused);
        }
        Err(error @ StartError::Lock(_)) => {
            complain(&error);
            return Ok(Ending::Refused);
        }
        Err(error) => return Err(error.into()),
    };
    print(&format!("edge=http://{} ops=http://{}\n", service.edge(), service.ops()))?;
    service.wait_for_signal()?;
    service.stop()?;
    Ok(Ending::Good)
}
