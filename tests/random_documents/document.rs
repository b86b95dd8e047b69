//! A GraphQL document as a tree: its text, and its selection for an object.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::schema::Schema;

/// An operation with its variables.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) is_mutation: bool,
    pub(crate) root: Vec<Item>,
    pub(crate) variables: Vec<Variable>,
}

/// A variable; one that is not given has a default.
#[derive(Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) default: Option<String>,
    pub(crate) given: Option<Value>,
}

/// One entry of a selection.
#[derive(Clone)]
pub(crate) enum Item {
    Field(Node),
    Fragment(Fragment),
}

/// A selected field.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) key: String,
    pub(crate) name: String,
    /// The type of its value, without lists and exclamation marks.
    pub(crate) ty: String,
    pub(crate) arguments: Vec<Given>,
    pub(crate) condition: Option<Condition>,
    pub(crate) inner: Vec<Item>,
}

/// A fragment: named or inline.
#[derive(Clone)]
pub(crate) struct Fragment {
    pub(crate) name: Option<String>,
    pub(crate) on: Option<String>,
    pub(crate) condition: Option<Condition>,
    pub(crate) inner: Vec<Item>,
}

/// An argument: how it is written, and its value.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) value: Value,
}

/// `@skip` or `@include`, and its effect.
#[derive(Clone)]
pub(crate) struct Condition {
    pub(crate) text: String,
    pub(crate) keeps: bool,
}

impl Node {
    /// An argument's value; null if it is not given.
    pub(crate) fn argument(&self, name: &str) -> &Value {
        self.arguments.iter().find(|given| given.name == name).map_or(&Value::Null, |given| &given.value)
    }
}

impl Document {
    /// The text that is sent.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from(if self.is_mutation { "mutation" } else { "query" });
        let variables: Vec<String> = self.variables.iter().map(Variable::definition).collect();
        if !variables.is_empty() {
            write!(text, "({})", variables.join(", ")).expect("a text");
        }
        let mut named = BTreeMap::new();
        text.push_str(&selection(&self.root, &mut named));
        for (name, (on, inner)) in named {
            write!(text, "\nfragment {name} on {on}{inner}").expect("a text");
        }
        text
    }

    /// The variables that are sent.
    pub(crate) fn given(&self) -> Value {
        let given = self.variables.iter().filter_map(|one| Some((one.name.clone(), one.given.clone()?)));
        Value::Object(given.collect())
    }
}

impl Variable {
    fn definition(&self) -> String {
        let default = self.default.as_ref().map_or(String::new(), |default| format!(" = {default}"));
        format!("${}: {}{default}", self.name, self.ty)
    }
}

/// Definitions of named fragments: type and selection.
type Named = BTreeMap<String, (String, String)>;

fn selection(items: &[Item], named: &mut Named) -> String {
    let items: Vec<String> = items.iter().map(|item| text_of(item, named)).collect();
    format!(" {{ {} }}", items.join(" "))
}

fn text_of(item: &Item, named: &mut Named) -> String {
    let condition =
        |condition: &Option<Condition>| condition.as_ref().map_or(String::new(), |one| format!(" {}", one.text));
    match item {
        Item::Field(node) => {
            let alias = if node.key == node.name { String::new() } else { format!("{}: ", node.key) };
            let arguments: Vec<String> =
                node.arguments.iter().map(|given| format!("{}: {}", given.name, given.text)).collect();
            let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
            let inner = if node.inner.is_empty() { String::new() } else { selection(&node.inner, named) };
            format!("{alias}{}{arguments}{}{inner}", node.name, condition(&node.condition))
        }
        Item::Fragment(fragment) => {
            let inner = selection(&fragment.inner, named);
            let condition = condition(&fragment.condition);
            match (&fragment.name, &fragment.on) {
                (Some(name), Some(on)) => {
                    named.insert(name.clone(), (on.clone(), inner));
                    format!("...{name}{condition}")
                }
                (_, Some(on)) => format!("... on {on}{condition}{inner}"),
                (_, None) => format!("...{condition}{inner}"),
            }
        }
    }
}

/// The selected fields of an object of this type. Each key occurs once.
pub(crate) fn asked<'d>(items: &'d [Item], object: &str, schema: &Schema) -> Vec<&'d Node> {
    let mut nodes = Vec::new();
    let keeps = |condition: &Option<Condition>| condition.as_ref().is_none_or(|one| one.keeps);
    for item in items {
        match item {
            Item::Field(node) if keeps(&node.condition) => nodes.push(node),
            Item::Fragment(fragment)
                if keeps(&fragment.condition) && fragment.on.as_ref().is_none_or(|on| schema.is(object, on)) =>
            {
                nodes.extend(asked(&fragment.inner, object, schema));
            }
            Item::Field(_) | Item::Fragment(_) => {}
        }
    }
    nodes
}
