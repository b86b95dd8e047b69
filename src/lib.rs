//! The server process: command line, configuration, issuers, HTTP, demo. The routes are in [`http`].

pub mod cli;
pub mod commands;
pub mod config;
mod connections;
pub mod demo;
pub mod development;
pub mod failure;
pub mod fingerprint_key;
mod house;
pub mod http;
pub mod issuers;
mod metrics;
pub mod serve;
pub mod telemetry;
pub mod timer;
