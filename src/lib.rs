//! The process: command line, configuration, issuers, HTTP, demo. The routes are in [`http`].

mod app;
pub mod cli;
pub mod commands;
pub mod config;
mod connections;
pub mod database;
pub mod demo;
pub mod development;
pub mod failure;
pub mod fingerprint_key;
pub mod http;
pub mod issuers;
mod metrics;
mod output;
pub mod serve;
mod session;
pub mod telemetry;
pub mod timer;
