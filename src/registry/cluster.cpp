// The workloads of the cluster that this program runs in.
#include "gds/base/fd.h"
#include "gds/base/text.h"
#include "gds/http/engine.h"
#include "in_use.h"

#include <fmt/core.h>

#include <array>

namespace gds::registry {

namespace {

constexpr std::array<std::string_view, 6> kLists = {"/api/v1/pods",
                                                    "/apis/apps/v1/deployments",
                                                    "/apis/apps/v1/statefulsets",
                                                    "/apis/apps/v1/daemonsets",
                                                    "/apis/batch/v1/jobs",
                                                    "/apis/batch/v1/cronjobs"};
constexpr int kPageSize = 500;

/// "https://10.0.0.1:443", by what Kubernetes tells every container.
Result<std::string> api_server(const UsageSettings& settings) {
    const auto host = settings.environment("KUBERNETES_SERVICE_HOST");
    const auto port = settings.environment("KUBERNETES_SERVICE_PORT");
    if (!host || host->empty() || !port || port->empty()) {
        return error(Code::invalid_argument,
                     "--in-use kubernetes works inside a pod only; elsewhere give a file that "
                     "kubectl get -o json printed");
    }
    const bool is_ipv6 = host->find(':') != std::string::npos;
    return fmt::format("https://{}{}{}:{}", is_ipv6 ? "[" : "", *host, is_ipv6 ? "]" : "", *port);
}

Status add_list(Usage& usage, http::Engine& engine, const std::string& url, const Secret& token) {
    std::string next;
    do {
        http::Query query = {{"limit", std::to_string(kPageSize)}};
        if (!next.empty()) {
            query.emplace_back("continue", next);
        }
        http::Request request;
        request.url = http::with_query(url, query);
        request.headers.add("Authorization", "Bearer " + token.reveal());
        request.headers.add("Accept", "application/json");
        request.label = "kubernetes";
        request.authorize = false;
        const http::Response answer = GDS_TRY(engine.fetch(std::move(request)));
        std::string following = GDS_TRY(usage.add(answer.body));
        if (!following.empty() && following == next) {
            return error(Code::bad_response, url + ": its pages go round in a circle");
        }
        next = std::move(following);
    } while (!next.empty());
    return {};
}

}  // namespace

Status add_cluster(Usage& usage, const UsageSettings& settings, Cancel& cancel) {
    const std::string server = GDS_TRY(api_server(settings));
    const auto token = read_small_file(settings.service_account_dir + "/token");
    if (!token) {
        return error(Code::invalid_argument,
                     token.error().context("the pod has no service account token").message);
    }
    http::Options options;
    options.retries = 3;
    options.timeout = Millis(30'000);
    options.first_backoff = Millis(250);
    options.max_connections = 1;
    options.ca_cert = settings.service_account_dir + "/ca.crt";
    options.user_agent = "registry-probe/" GDS_VERSION;
    http::Engine engine(options, cancel);
    for (const std::string_view list : kLists) {
        const Status added =
            add_list(usage, engine, server + std::string(list), Secret(std::string(trim(*token))));
        if (!added) {
            return added.error().context("the cluster does not tell its workloads");
        }
    }
    return {};
}

}  // namespace gds::registry
