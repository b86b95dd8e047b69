//! Declares Relay connections, the shape of every paged list.

/// Declares the connection and the edge of a node type, for an audience.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty, $audience:literal, $about:literal) => {
        #[doc = $about]
        pub(crate) struct $connection {
            list: std::borrow::Cow<'static, str>,
            keys: Vec<$crate::run::page::RowKey>,
            nodes: Vec<$node>,
            place: $crate::run::page::Place,
            total: Option<i32>,
        }

        impl $connection {
            /// Creates a page of a list from its rows, each with its key in the list.
            pub(crate) fn new(
                list: impl Into<std::borrow::Cow<'static, str>>,
                rows: impl IntoIterator<Item = (impl Into<$crate::run::page::RowKey>, $node)>,
                args: &$crate::run::page::PageArgs,
                more: bool,
                total: Option<i64>,
            ) -> Self {
                let total = total.map(|total| i32::try_from(total).unwrap_or(i32::MAX));
                let place = $crate::run::page::Place::of(args, more);
                let (keys, nodes) = rows.into_iter().map(|(key, node)| (key.into(), node)).unzip();
                Self { list: list.into(), keys, nodes, place, total }
            }
        }

        #[doc = $about]
        #[async_graphql::Object(tag = $audience, tag = "plan page")]
        impl $connection {
            /// Zeilen mit ihrem Zeiger.
            #[graphql(tag = "in page")]
            async fn edges(&self) -> $crate::run::write_object::WriteList<Vec<$edge<'_>>> {
                let mark = $crate::run::page::mark(&self.list);
                let rows = self.keys.iter().zip(&self.nodes);
                let edges = rows.map(|(key, node)| $edge { cursor: $crate::run::page::cursor(&mark, key), node });
                $crate::run::write_object::WriteList(edges.collect())
            }
            /// Zeilen.
            #[graphql(tag = "in page")]
            async fn nodes(&self) -> $crate::run::write_object::WriteList<&[$node]> {
                $crate::run::write_object::WriteList(&self.nodes)
            }
            /// Wo diese Seite liegt.
            async fn page_info(&self) -> $crate::run::page::PageInfo {
                let mark = $crate::run::page::mark(&self.list);
                let cursor =
                    |key: Option<&$crate::run::page::RowKey>| key.map(|key| $crate::run::page::cursor(&mark, key));
                self.place.between(cursor(self.keys.first()), cursor(self.keys.last()))
            }
            /// Wie viele es im Ganzen sind.
            #[graphql(tag = "needs total")]
            async fn total_count(&self) -> Result<i32, $crate::error::Failure> {
                // The plan counts the rows if this field is selected.
                self.total.ok_or_else(|| $crate::run::planned::unplanned("a total number"))
            }
        }

        /// Eine Zeile mit ihrem Zeiger.
        pub(crate) struct $edge<'r> {
            cursor: String,
            node: &'r $node,
        }

        /// Eine Zeile mit ihrem Zeiger.
        #[async_graphql::Object(tag = $audience)]
        impl $edge<'_> {
            /// Zeiger auf diese Zeile.
            async fn cursor(&self) -> &str {
                &self.cursor
            }
            /// Die Zeile.
            async fn node(&self) -> $crate::run::write_object::WriteObject<&$node> {
                $crate::run::write_object::WriteObject(self.node)
            }
        }
    };
}

pub(crate) use connection;
