//! Relay connections: the same shape for every list.

/// Declares a connection and its edge over a node type.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty, $about:literal) => {
        #[doc = $about]
        pub(crate) struct $connection {
            rows: Vec<$edge>,
            page_info: $crate::page::PageInfo,
            total: Option<i32>,
        }

        impl $connection {
            /// A page of rows with their cursors.
            pub(crate) fn new(
                rows: impl IntoIterator<Item = (String, $node)>,
                args: &$crate::page::PageArgs,
                more: bool,
                total: Option<i64>,
            ) -> Self {
                let rows: Vec<_> = rows.into_iter().map(|(cursor, node)| $edge { cursor, node }).collect();
                let cursor = |row: Option<&$edge>| row.map(|row| row.cursor.clone());
                let page_info = $crate::page::PageInfo::of(args, more, cursor(rows.first()), cursor(rows.last()));
                let total = total.map(|total| i32::try_from(total).unwrap_or(i32::MAX));
                Self { rows, page_info, total }
            }
        }

        #[doc = $about]
        #[async_graphql::Object]
        impl $connection {
            /// Zeilen mit ihrem Zeiger.
            async fn edges(&self) -> &[$edge] {
                &self.rows
            }
            /// Zeilen.
            async fn nodes(&self) -> Vec<&$node> {
                self.rows.iter().map(|row| &row.node).collect()
            }
            /// Wo diese Seite liegt.
            async fn page_info(&self) -> &$crate::page::PageInfo {
                &self.page_info
            }
            /// Wie viele es im Ganzen sind.
            async fn total_count(&self) -> i32 {
                // The plan counts whenever this field is asked for.
                self.total.unwrap_or_default()
            }
        }

        /// Eine Zeile mit ihrem Zeiger.
        pub(crate) struct $edge {
            cursor: String,
            node: $node,
        }

        /// Eine Zeile mit ihrem Zeiger.
        #[async_graphql::Object]
        impl $edge {
            /// Zeiger auf diese Zeile.
            async fn cursor(&self) -> &str {
                &self.cursor
            }
            /// Die Zeile.
            async fn node(&self) -> &$node {
                &self.node
            }
        }
    };
}

pub(crate) use connection;
