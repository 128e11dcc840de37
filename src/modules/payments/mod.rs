//! Payments: what was asked of a gateway, and what came of it.
//!
//! Owns the table `payments`. A row is an attempt at one order's money; its id is what a gateway sees, and makes a
//! repeated attempt the same one. Invariants: 0 ≤ refunded ≤ captured ≤ amount; a row is written only by orders, in
//! the transaction that derives the order's payment status from it.

pub mod gateway;
pub mod graphql;
pub mod model;
pub mod store;

mod manual;
mod test_gateway;

pub use gateway::{Answer, Gateway, GatewayError, NextAction, PaymentRequest};

use crate::config::Config;

/// The gateways that an order can be paid by, in the order in which shoppers see them.
pub fn gateways(config: &Config) -> Vec<&'static dyn Gateway> {
    let mut gateways: Vec<&'static dyn Gateway> = vec![&manual::Manual];
    if config.test_gateway {
        gateways.push(&test_gateway::TestGateway);
    }
    gateways
}

/// The gateway of a code, if the installation has it.
pub fn gateway(config: &Config, code: &str) -> Option<&'static dyn Gateway> {
    gateways(config).into_iter().find(|gateway| gateway.code() == code)
}

/// Whether payments by this gateway are paid later, their money being confirmed by the team.
pub fn is_manual(code: &str) -> bool {
    code == manual::CODE
}
