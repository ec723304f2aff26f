"""Stands in for Terraform's kubernetes provider where only its schema matters: terraform validate,
and terraform test with a mocked provider.

The provider itself is not served by every module proxy (real_provider.py asks), its schema is to be had
anywhere: the bindings that its makers generated from it (for CDKTF, of provider 2.38.0) are a Python
package, with a description of every class in it. They do not tell a list from a set, nor what the
server fills in by itself."""

import concurrent.futures
import json
import os
import pathlib
import sys
import tarfile
import tempfile
import zipfile

import grpc

BINDINGS = "cdktf-cdktf-provider-kubernetes==12.1.1"
PREFIX = "@cdktf/provider-kubernetes."
# CDKTF's own, which are no arguments of the resource.
META = {"connection", "count", "dependsOn", "forEach", "lifecycle", "provider", "provisioners"}
# By their makers' words dynamic, in the bindings a map.
DYNAMIC = {"kubernetes_manifest": {"manifest", "object"}}
RESOURCES = {
    "kubernetes_cluster_role_binding_v1": "clusterRoleBindingV1.ClusterRoleBindingV1",
    "kubernetes_cluster_role_v1": "clusterRoleV1.ClusterRoleV1",
    "kubernetes_config_map_v1": "configMapV1.ConfigMapV1",
    "kubernetes_cron_job_v1": "cronJobV1.CronJobV1",
    "kubernetes_manifest": "manifest.Manifest",
    "kubernetes_network_policy_v1": "networkPolicyV1.NetworkPolicyV1",
    "kubernetes_secret_v1": "secretV1.SecretV1",
    "kubernetes_service_account_v1": "serviceAccountV1.ServiceAccountV1",
}
ADDRESSES = ("registry.terraform.io/hashicorp/kubernetes", "registry.opentofu.org/hashicorp/kubernetes")

# The messages are made of the .proto as it is read; it is looked for from a directory of sys.path.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
messages, services = grpc.protos_and_services("provider.proto")


def read_bindings(wheel):
    """The description of every class in the package."""
    with zipfile.ZipFile(wheel) as package:
        inner = next(name for name in package.namelist() if name.endswith(".jsii.tgz"))
        with package.open(inner) as archive, tarfile.open(fileobj=archive, mode="r:gz") as files:
            return json.load(files.extractfile("package/.jsii"))["types"]


def snake(name):
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def single(kind):
    """The type without "or what is known later only"."""
    if "union" not in kind:
        return kind
    rest = [t for t in kind["union"]["types"] if t.get("fqn") != "cdktf.IResolvable"]
    if len(rest) != 1:
        raise ValueError(f"a type that is several: {rest}")
    return single(rest[0])


class SchemaReader:
    """Makes Terraform's schema of the bindings."""

    def __init__(self, types):
        self.types = types

    def of_resource(self, resource):
        block = self.block(RESOURCES[resource] + "Config", DYNAMIC.get(resource, set()))
        known = {attribute.name for attribute in block.attributes}
        if "id" not in known:
            block.attributes.add(name="id", type=b'"string"', optional=True, computed=True)
        return messages.Schema(block=block)

    def block(self, name, dynamic=frozenset()):
        block = messages.Schema.Block()
        for member in self.types[PREFIX + name]["properties"]:
            if member["name"] in META:
                continue
            kind = single(member["type"])
            items = kind.get("collection", {})
            element = single(items["elementtype"]) if items else kind
            if element.get("fqn", "").startswith(PREFIX):
                block.block_types.append(self.nested(member, element, bool(items)))
            else:
                block.attributes.append(self.attribute(member, kind, dynamic))
        return block

    def nested(self, member, element, many):
        modes = messages.Schema.NestedBlock
        alone = member["name"] == "timeouts"
        return modes(type_name=snake(member["name"]),
                     block=self.block(element["fqn"].removeprefix(PREFIX)),
                     nesting=modes.SINGLE if alone else modes.LIST,
                     min_items=0 if member.get("optional") else 1,
                     max_items=0 if many or alone else 1)

    @staticmethod
    def attribute(member, kind, dynamic):
        name, optional = snake(member["name"]), member.get("optional", False)
        type_ = "dynamic" if name in dynamic else cty(kind)
        return messages.Schema.Attribute(name=name, type=json.dumps(type_).encode(),
                                         required=not optional, optional=optional,
                                         computed=name in ("id", "object"),
                                         write_only=name.endswith("_wo"))


def cty(kind):
    """The type in Terraform's own notation."""
    if "primitive" in kind:
        return {"boolean": "bool"}.get(kind["primitive"], kind["primitive"])
    items = kind["collection"]
    return ["map" if items["kind"] == "map" else "list", cty(single(items["elementtype"]))]


class Provider(services.ProviderServicer):
    """Answers what Terraform asks where it plans nothing and applies nothing by itself."""

    def __init__(self, types):
        reader = SchemaReader(types)
        self.schema = messages.GetProviderSchema.Response(
            provider=messages.Schema(block=messages.Schema.Block()),
            resource_schemas={name: reader.of_resource(name) for name in RESOURCES})

    def GetProviderSchema(self, _request, _context):
        return self.schema

    def ValidateProviderConfig(self, _request, _context):
        return messages.Validation.Response()

    def ValidateResourceConfig(self, _request, _context):
        return messages.Validation.Response()

    def StopProvider(self, _request, _context):
        return messages.Stop.Response()


class Running:
    """The provider at work; `environment` is what leads Terraform to it."""

    def __init__(self, wheel):
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(4),
                                  options=[("grpc.max_send_message_length", -1)])
        services.add_ProviderServicer_to_server(Provider(read_bindings(wheel)), self.server)
        port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        attached = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True,
                    "Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"}}
        self.environment = {
            "TF_REATTACH_PROVIDERS": json.dumps({address: attached for address in ADDRESSES})}

    def stop(self):
        self.server.stop(None).wait()
