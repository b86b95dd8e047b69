//! A cache that is bounded by the size of its keys. A full cache is emptied.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Maximum size of all keys, in bytes of text. The values take about thirty times as much memory.
pub(crate) const MAX_BYTES: usize = 128 * 1024;

/// Shared values by key.
#[derive(Debug)]
pub(crate) struct Cache<K, V>(Mutex<Entries<K, V>>);

#[derive(Debug)]
struct Entries<K, V> {
    values: HashMap<K, Arc<V>>,
    bytes: usize,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Entries { values: HashMap::new(), bytes: 0 }))
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values.get(key).cloned()
    }

    /// Adds a value whose key has this size in bytes.
    pub(crate) fn insert(&self, key: K, bytes: usize, value: Arc<V>) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.bytes + bytes > MAX_BYTES {
            *entries = Entries { values: HashMap::new(), bytes: 0 };
        }
        if entries.values.insert(key, value).is_none() {
            entries.bytes += bytes;
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().expect("entries").values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_the_cache_is_bounded() {
        let cache = Cache::default();
        for number in 0..2_000 {
            let key = format!("{number:0>200}");
            cache.insert(key.clone(), key.len(), Arc::new(number));
            cache.insert(key.clone(), key.len(), Arc::new(number));
            assert_eq!(cache.get(&key).as_deref(), Some(&number));
            let entries = cache.0.lock().expect("entries");
            assert!(
                entries.bytes <= MAX_BYTES && entries.values.keys().map(String::len).sum::<usize>() == entries.bytes
            );
        }
        assert!(cache.len() > 0 && cache.get(&format!("{:0>200}", 0)).is_none());
    }
}
