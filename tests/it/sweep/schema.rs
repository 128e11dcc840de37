//! The committed schema, as the sweep sees it: its fields with their permissions, and documents made from it.

use std::collections::HashMap;

use graphql_parser::schema::{
    Definition, Document, Field, InputValue, Type, TypeDefinition, Value, parse_schema,
};

/// Which root a field is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Root {
    Query,
    Mutation,
    Subscription,
}

impl Root {
    fn keyword(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// A root field.
#[derive(Debug, Clone)]
pub struct RootField {
    pub root: Root,
    pub name: String,
    /// As `@permission` names it: `PUBLIC`, `CUSTOMER`, `TEAM`, `ADMIN`, `ADMIN_OR_AUDIT` or a team permission.
    pub permission: String,
    /// A document that asks for it with a variable for each of its arguments.
    pub document: String,
    /// Whether its input takes an idempotency key.
    pub idempotent: bool,
}

impl RootField {
    /// Whether the permission is one of the team's catalog.
    pub fn team_permission(&self) -> bool {
        !["PUBLIC", "CUSTOMER", "TEAM", "ADMIN", "SUPER_ADMIN", "ADMIN_OR_AUDIT"]
            .contains(&self.permission.as_str())
    }
}

/// The whole schema.
pub struct Schema {
    objects: HashMap<String, Vec<Field<'static, String>>>,
    inputs: HashMap<String, Vec<InputValue<'static, String>>>,
    abstracts: Vec<String>,
}

impl Schema {
    /// The committed one.
    pub fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
        let text = std::fs::read_to_string(path).expect("the committed schema");
        let document: Document<'static, String> =
            parse_schema::<String>(&text).expect("a schema").into_static();
        let mut schema = Self { objects: HashMap::new(), inputs: HashMap::new(), abstracts: Vec::new() };
        for definition in document.definitions {
            match definition {
                Definition::TypeDefinition(TypeDefinition::Object(object)) => {
                    schema.objects.insert(object.name, object.fields);
                }
                Definition::TypeDefinition(TypeDefinition::InputObject(input)) => {
                    schema.inputs.insert(input.name, input.fields);
                }
                Definition::TypeDefinition(TypeDefinition::Interface(interface)) => {
                    schema.abstracts.push(interface.name);
                }
                Definition::TypeDefinition(TypeDefinition::Union(union)) => schema.abstracts.push(union.name),
                _ => {}
            }
        }
        schema
    }

    /// Every root field.
    pub fn roots(&self) -> Vec<RootField> {
        let mut roots = Vec::new();
        for root in [Root::Query, Root::Mutation, Root::Subscription] {
            for field in &self.objects[&format!("{root:?}")] {
                roots.push(RootField {
                    root,
                    name: field.name.clone(),
                    permission: permission(field)
                        .unwrap_or_else(|| panic!("{root:?}.{} names no permission", field.name)),
                    document: self.document(root, field),
                    idempotent: self.idempotent(field),
                });
            }
        }
        roots
    }

    /// Every field below the roots that names a permission, `Type.field` with it.
    pub fn protected(&self) -> Vec<(String, String)> {
        let mut protected: Vec<_> = self
            .objects
            .iter()
            .filter(|(name, _)| !["Query", "Mutation", "Subscription"].contains(&name.as_str()))
            .flat_map(|(name, fields)| {
                fields.iter().filter_map(move |f| Some((format!("{name}.{}", f.name), permission(f)?)))
            })
            .collect();
        protected.sort();
        protected
    }

    fn idempotent(&self, field: &Field<'static, String>) -> bool {
        field.arguments.iter().any(|argument| {
            self.inputs
                .get(&base(&argument.value_type))
                .is_some_and(|fields| fields.iter().any(|field| field.name == "idempotencyKey"))
        })
    }

    fn document(&self, root: Root, field: &Field<'static, String>) -> String {
        let variables: Vec<String> = field.arguments.iter().map(declaration).collect();
        let arguments: Vec<String> =
            field.arguments.iter().map(|argument| format!("{0}: ${0}", argument.name)).collect();
        let (variables, arguments) = if variables.is_empty() {
            (String::new(), String::new())
        } else {
            (format!("({})", variables.join(", ")), format!("({})", arguments.join(", ")))
        };
        let selection = self.selection(&base(&field.field_type), 2);
        format!("{} {variables} {{ {}{arguments} {selection} }}", root.keyword(), field.name)
    }

    /// Everything of a type that everybody who has the object may ask for: its leaves, and objects so deep. Connections
    /// count only at the top.
    fn selection(&self, type_name: &str, depth: usize) -> String {
        if self.abstracts.iter().any(|name| name == type_name) {
            return "{ __typename }".to_owned();
        }
        let Some(fields) = self.objects.get(type_name) else { return String::new() };
        if type_name.ends_with("Connection") {
            let nodes = fields.iter().find(|field| field.name == "nodes").expect("a connection has nodes");
            let nodes = self.selection(&base(&nodes.field_type), depth.saturating_sub(1));
            return format!("{{ nodes {nodes} pageInfo {{ startCursor endCursor }} }}");
        }
        let mut parts = vec!["__typename".to_owned()];
        for field in fields {
            let name = base(&field.field_type);
            let composite = self.objects.contains_key(&name) || self.abstracts.contains(&name);
            let required = field.arguments.iter().any(|argument| {
                matches!(argument.value_type, Type::NonNullType(_)) && argument.default_value.is_none()
            });
            if permission(field).is_some() || required || (composite && depth == 0) {
                continue;
            }
            if name.ends_with("Connection") && depth < 2 {
                continue;
            }
            parts.push(format!("{} {}", field.name, self.selection(&name, depth.saturating_sub(1))));
        }
        format!("{{ {} }}", parts.join(" "))
    }
}

/// The variable of an argument; one with a default stays optional.
fn declaration(argument: &InputValue<'static, String>) -> String {
    let mut text = argument.value_type.to_string();
    if argument.default_value.is_some() {
        text = text.trim_end_matches('!').to_owned();
    }
    match &argument.default_value {
        Some(value) => format!("${}: {text} = {value}", argument.name),
        None => format!("${}: {text}", argument.name),
    }
}

fn permission(field: &Field<'static, String>) -> Option<String> {
    let directive = field.directives.iter().find(|directive| directive.name == "permission")?;
    directive.arguments.iter().find_map(|(name, value)| match value {
        Value::String(text) if name == "name" => Some(text.clone()),
        _ => None,
    })
}

fn base(kind: &Type<'static, String>) -> String {
    match kind {
        Type::NamedType(name) => name.clone(),
        Type::ListType(inner) | Type::NonNullType(inner) => base(inner),
    }
}
