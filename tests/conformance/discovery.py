"""Google's description of Drive v3, and what it says of a request or an answer."""

import json
import pathlib
import re
import urllib.parse

import googleapiclient

INT = re.compile(r"-?\d+\Z")
# RFC 3339 as Drive writes it: in UTC, with milliseconds.
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")


class Method:
    def __init__(self, document, description):
        self.id = description["id"]
        self.http_method = description["httpMethod"]
        self.response = description.get("response")
        self.has_media = description.get("supportsMediaDownload", False)
        self.parameters = {**document["parameters"], **description.get("parameters", {})}
        path = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", description["path"])
        self.path = re.compile("/" + document["servicePath"] + path + r"\Z")


class Discovery:
    def __init__(self):
        documents = pathlib.Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
        self.document = json.loads((documents / "drive.v3.json").read_text())
        self.schemas = self.document["schemas"]
        self.methods = []
        for resource in self.document["resources"].values():
            self.methods += [Method(self.document, m) for m in resource["methods"].values()]

    def find(self, http_method, target):
        """The method a request calls, or None. Fixed paths come before those with an id."""
        path = urllib.parse.urlsplit(target).path
        found = [m for m in self.methods if m.http_method == http_method and m.path.match(path)]
        return min(found, key=lambda m: m.path.groups, default=None)

    # Requests.

    def request_problems(self, http_method, target):
        method = self.find(http_method, target)
        if method is None:
            return [f"no method has {http_method} {target}"]
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query, keep_blank_values=True,
                                      strict_parsing=bool(urllib.parse.urlsplit(target).query))
        problems = []
        for name, values in query.items():
            described = method.parameters.get(name)
            if described is None:
                problems.append(f"{method.id} has no parameter {name}")
                continue
            if len(values) > 1 and not described.get("repeated"):
                problems.append(f"{name} comes {len(values)} times")
            for value in values:
                problems += self._parameter_problems(method, name, value)
        required = {name for name, described in method.parameters.items()
                    if described.get("required") and described["location"] == "query"}
        return problems + [f"{method.id} needs {name}" for name in required - query.keys()]

    def _parameter_problems(self, method, name, value):
        described = method.parameters[name]
        kind = described["type"]
        fits = {"boolean": value in ("true", "false"), "integer": INT.match(value),
                "string": True}[kind]
        if not fits or ("enum" in described and value not in described["enum"]):
            return [f"{name}={value} is no {kind} of {method.id}"]
        if kind == "integer" and not (int(described.get("minimum", value)) <= int(value)
                                      <= int(described.get("maximum", value))):
            return [f"{name}={value} is out of bounds"]
        if name == "alt" and value == "media" and not method.has_media:
            return [f"{method.id} has no media"]
        if name == "fields" and method.response:
            return self._mask_problems(parse_mask(value), method.response, method.id)
        return []

    def _mask_problems(self, mask, schema, where):
        schema = self._resolved(schema)
        if schema["type"] == "array":
            return self._mask_problems(mask, schema["items"], where)
        problems = []
        for name, inner in mask.items():
            described = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if name == "*":
                continue
            if described is None:
                problems.append(f"fields: {where} has no {name}")
            elif inner:
                problems += self._mask_problems(inner, described, f"{where}.{name}")
        return problems

    # Answers.

    def answer_problems(self, http_method, target, status, body):
        method = self.find(http_method, target)
        answer = json.loads(body)
        if status >= 400:
            return error_problems(status, answer)
        if method is None or method.response is None:
            return [f"{http_method} {target} has no described answer"]
        return self.value_problems(answer, method.response, method.id)

    def value_problems(self, value, schema, where):
        schema = self._resolved(schema)
        kind = schema["type"]
        if kind == "object":
            return self._object_problems(value, schema, where)
        if kind == "array":
            if not isinstance(value, list):
                return [f"{where} is no array: {value!r}"]
            return [problem for n, element in enumerate(value)
                    for problem in self.value_problems(element, schema["items"], f"{where}[{n}]")]
        wanted = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}[kind]
        if not isinstance(value, wanted) or (kind != "boolean" and isinstance(value, bool)):
            return [f"{where} is no {kind}: {value!r}"]
        form = {"int64": INT, "date-time": DATE_TIME}.get(schema.get("format"))
        if form and not form.match(str(value)):
            return [f"{where} is no {schema['format']}: {value!r}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{where} is none of the known values: {value!r}"]
        if where.endswith(".kind") and value != schema.get("default", value):
            return [f"{where} should be {schema['default']}: {value!r}"]
        return []

    def _object_problems(self, value, schema, where):
        if not isinstance(value, dict):
            return [f"{where} is no object: {value!r}"]
        problems = []
        for name, member in value.items():
            described = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if described is None:
                problems.append(f"{where} has no field {name}")
            else:
                problems += self.value_problems(member, described, f"{where}.{name}")
        return problems

    def _resolved(self, schema):
        return self.schemas[schema["$ref"]] if "$ref" in schema else schema


def parse_mask(text):
    """`a,b(c,d/e)` as {"a": {}, "b": {"c": {}, "d": {"e": {}}}}."""
    tokens = re.findall(r"[\w*]+|[(),/]", text)
    if "".join(tokens) != text:
        raise ValueError(f"no field mask: {text}")
    mask, rest = _parse_list(tokens)
    if rest:
        raise ValueError(f"no field mask: {text}")
    return mask


def _parse_list(tokens):
    mask = {}
    while tokens and tokens[0] != ")":
        name, tokens = tokens[0], tokens[1:]
        at = mask.setdefault(name, {})
        while tokens and tokens[0] == "/":
            at, tokens = at.setdefault(tokens[1], {}), tokens[2:]
        if tokens and tokens[0] == "(":
            inner, tokens = _parse_list(tokens[1:])
            at.update(inner)
            tokens = tokens[1:]
        if tokens and tokens[0] == ",":
            tokens = tokens[1:]
    return mask, tokens


def error_problems(status, answer):
    """Google's error object; the description has no schema of it, its guides do."""
    error = answer.get("error")
    if not isinstance(error, dict) or error.get("code") != status:
        return [f"no error object of {status}: {answer!r}"]
    problems = [f"the error has no text {name}" for name in ("message", "status")
                if not isinstance(error.get(name), str)]
    for detail in error.get("errors") or [{}]:
        problems += [f"an element of errors has no {name}" for name in
                     ("domain", "reason", "message") if not isinstance(detail.get(name), str)]
    return problems
