//! `predial serve`: the service, until a signal ends it.

use std::sync::Arc;

use super::{Ending, Outcome, arguments::ServeArguments, check::listed, complain, print, remark};
use crate::app::{Overrides, Service, StartError};
use crate::base::environment::ProcessEnvironment;
use crate::ops::BindError;

pub(super) fn run(arguments: ServeArguments) -> Outcome {
    let ServeArguments { config, edge, ops, data } = arguments;
    let overrides = Overrides { config: Some(config.config), edge, ops, data };
    let service = match Service::start(&overrides, Arc::new(ProcessEnvironment)) {
        Ok(service) => service,
        Err(StartError::Configuration(problems)) => {
            remark(listed(&problems)?.trim_end());
            return Ok(Ending::Refused);
        }
        // Beyond loopback without a token is a matter of the configuration, though the command line may have said it.
        Err(error @ (StartError::Lock(_) | StartError::Ops(BindError::TokenMissing { .. }))) => {
            complain(&error);
            return Ok(Ending::Refused);
        }
        Err(error) => return Err(error.into()),
    };
    let signals = service.listen_for_signals()?;
    print(&format!("edge=http://{} ops=http://{}\n", service.edge(), service.ops()))?;
    service.wait_for(signals);
    service.stop()?;
    Ok(Ending::Good)
}
