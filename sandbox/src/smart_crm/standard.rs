//! Further standard columns, into which people type and forms are put: texts, counts, sums of money.
//!
//! # Source
//! The Common Data Model's files; addresses of contacts and accounts stand in Microsoft's pages only.

use super::schema::{Column, Type, text};

/// Of contacts.
pub(super) static CONTACT: [Column; 17] = [
    text("salutation", 100),
    text("middlename", 50),
    text("nickname", 100),
    text("jobtitle", 100),
    text("department", 100),
    text("managername", 100),
    text("assistantname", 100),
    text("emailaddress2", 100),
    text("emailaddress3", 100),
    text("websiteurl", 200),
    text("address1_line1", 250),
    text("address1_city", 80),
    text("address1_stateorprovince", 50),
    text("address1_postalcode", 20),
    text("address1_country", 80),
    Column { name: "annualincome", holds: Type::Money(0, 100_000_000_000_000) },
    Column { name: "numberofchildren", holds: Type::Count(1_000_000_000) },
];

/// Of accounts.
pub(super) static ACCOUNT: [Column; 12] = [
    text("accountnumber", 20),
    text("emailaddress1", 100),
    text("emailaddress2", 100),
    text("emailaddress3", 100),
    text("websiteurl", 200),
    text("address1_line1", 250),
    text("address1_city", 80),
    text("address1_stateorprovince", 50),
    text("address1_postalcode", 20),
    text("address1_country", 80),
    Column { name: "revenue", holds: Type::Money(0, 100_000_000_000_000) },
    Column { name: "numberofemployees", holds: Type::Count(1_000_000_000) },
];

/// Of leads.
pub(super) static LEAD: [Column; 17] = [
    text("salutation", 100),
    text("middlename", 50),
    text("jobtitle", 100),
    text("qualificationcomments", 2_000),
    text("emailaddress1", 100),
    text("emailaddress2", 100),
    text("emailaddress3", 100),
    text("websiteurl", 200),
    text("address1_line1", 250),
    text("address1_city", 80),
    text("address1_stateorprovince", 50),
    text("address1_postalcode", 20),
    text("address1_country", 80),
    Column { name: "budgetamount", holds: Type::Money(0, 1_000_000_000_000) },
    Column { name: "estimatedamount", holds: Type::Money(0, 1_000_000_000_000) },
    Column { name: "revenue", holds: Type::Money(0, 100_000_000_000_000) },
    Column { name: "numberofemployees", holds: Type::Count(1_000_000) },
];

/// Of opportunities.
pub(super) static OPPORTUNITY: [Column; 7] = [
    text("currentsituation", 2_000),
    text("customerneed", 2_000),
    text("proposedsolution", 2_000),
    text("qualificationcomments", 2_000),
    Column { name: "budgetamount", holds: Type::Money(0, 1_000_000_000_000) },
    Column { name: "estimatedvalue", holds: Type::Money(-1_000_000_000_000, 1_000_000_000_000) },
    Column { name: "closeprobability", holds: Type::Count(100) },
];

/// Of incidents.
pub(super) static INCIDENT: [Column; 1] = [text("productserialnumber", 100)];
