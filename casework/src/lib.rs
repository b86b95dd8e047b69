//! What happens: one use case, one function, one transaction
