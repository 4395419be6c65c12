//! The CRM of values as configuration knows it. Its reader is handed to the directory by the desk itself.

use std::sync::Arc;

use predial::{
    base::problem::Problem,
    config::CrmSection,
    crm::{Adapter, Matching, Prepared, Reader, Tools, quota::Limits},
    model::{
        client::{Kind, KindSet},
        ids::CrmId,
    },
};

#[derive(Debug)]
struct Values;

impl Prepared for Values {
    fn account(&self) -> String {
        "values".to_owned()
    }

    fn limits(&self) -> Limits {
        unreachable!("the desk connects its own reader")
    }

    fn reader(&self, _: Tools) -> Arc<dyn Reader> {
        unreachable!("the desk connects its own reader")
    }

    fn card(&self, kind: Kind, id: CrmId) -> Option<String> {
        Some(format!("https://values.example/{kind}/{id}"))
    }
}

fn prepare(_: &CrmSection) -> Result<Arc<dyn Prepared>, Vec<Problem>> {
    Ok(Arc::new(Values))
}

pub(crate) static VALUES: &[Adapter] = &[Adapter {
    name: "values",
    kinds: KindSet::of(&[Kind::Contact]),
    matching: Matching::Whole,
    own_fields: &[],
    is_custom: |_| false,
    prepare,
}];
