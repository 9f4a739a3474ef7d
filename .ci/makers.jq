# Input: rustdoc's JSON. Output: `type: maker` for each function that gives or changes evidence, and what must not be.
# $listed: the types of the committed file.

. as $doc
# Types that a type holds, not those that it only points to; another name for a type is that type.
| def held: if type == "object" then
      if has("borrowed_ref") or has("raw_pointer") then empty
      else (.resolved_path? | values | .id | tostring | ., ($doc.index[.].inner.type_alias?.type | values | held)),
        (select(.generic? == "Self") | "Self"), (.[] | held) end
    elif type == "array" then .[] | held else empty end;
# Types that a function may write to.
  def changed: .. | objects | .borrowed_ref? | values | select(.is_mutable) | .type | held;
  def name($id): $doc.paths[$id].path | join("::");
  ($doc.index | to_entries | map(select(.value.crate_id == 0))) as $items
| ($items | map(select(.value.inner.struct or .value.inner.enum)) | map({
    id: .key,
    name: .value.name,
    claims: ((.value.docs // "") | split("\n\n")[0] | test("[Ee]vidence that")),
    open: (((.value.inner.struct.kind? | objects) // {} | (.plain.fields // []) + (.tuple // []) | map(values) | length > 0)
      or (.value.inner | has("enum")))
  })) as $types
| ($types | map(select(.claims or (.name as $n | $listed | index($n)))) ) as $evidence
| ($evidence | map({key: .id, value: .name}) | from_entries) as $named

# Functions in modules, in impls and in traits, with what Self is.
| ([$items[].value | select(.inner.impl) | .inner.impl | select(.blanket_impl == null and .is_synthetic == false)
    | (.for.resolved_path.id? | values | tostring) as $self
    | (.trait.path? // null) as $trait | .items[] | {key: tostring, value: {self: $self, trait: $trait}}]
  | from_entries) as $home
| [ $items[] | .key as $id | $home[$id] as $of | .value
    | select(.inner.function or .inner.constant or .inner.static or .inner.assoc_const)
    | select(.visibility == "public" or $of.trait != null)
    # A copy of what was checked was checked.
    | select(($of.trait // "" | split("::") | last) != "Clone")
    | . as $item
    | (if $of then "\(name($of.self))\(if $of.trait then " as \($of.trait)" else "" end)::\(.name)" else name($id) end) as $maker
    | ( (.inner.function.sig.output // .inner.constant.type // .inner.static.type // .inner.assoc_const.type
          | held | {id: (if . == "Self" then $of.self else . end), how: ""}),
        (.inner.function.sig.inputs[]?[1] | changed
          | {id: (if . == "Self" then $of.self else . end), how: " (changes it)"}) )
    | select($named[.id // ""]) | "\($named[.id]): \($maker)\(.how)" ]
  + [ $evidence[] | select(.open) | "\(.name): whoever fills in its public fields" ]
| unique | .[]
