//! The GraphQL schema per viewer
