//! A cache that is bounded by bytes of its keys' texts: when it is full, it begins anew.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of text of all that is kept. What is kept takes some thirty times as much.
pub(crate) const MOST: usize = 128 * 1024;

/// Values by their keys.
#[derive(Debug)]
pub(crate) struct Cache<K, V>(Mutex<Kept<K, V>>);

#[derive(Debug)]
struct Kept<K, V> {
    values: HashMap<K, Arc<V>>,
    bytes: usize,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Kept { values: HashMap::new(), bytes: 0 }))
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<Arc<V>>
    where
        K: Borrow<Q>,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values.get(key).cloned()
    }

    /// Keeps a value whose key has so many bytes.
    pub(crate) fn keep(&self, key: K, bytes: usize, value: Arc<V>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + bytes > MOST {
            *kept = Kept { values: HashMap::new(), bytes: 0 };
        }
        if kept.values.insert(key, value).is_none() {
            kept.bytes += bytes;
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().expect("kept").values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_bounded() {
        let cache = Cache::default();
        for number in 0..2_000 {
            let key = format!("{number:0>200}");
            cache.keep(key.clone(), key.len(), Arc::new(number));
            cache.keep(key.clone(), key.len(), Arc::new(number));
            assert_eq!(cache.get(&key).as_deref(), Some(&number));
            let kept = cache.0.lock().expect("kept");
            assert!(kept.bytes <= MOST && kept.values.keys().map(String::len).sum::<usize>() == kept.bytes);
        }
        assert!(cache.len() > 0 && cache.get(&format!("{:0>200}", 0)).is_none());
    }
}
