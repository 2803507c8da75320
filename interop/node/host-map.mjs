// Redirects connections for the host names of the real service to the sandbox, in
// the whole process, as /etc/hosts with a port map would. The client is unaware
// of it.
import net from "node:net";
import tls from "node:tls";
import { syncBuiltinESMExports } from "node:module";

const sandbox = new URL(process.env.SANDBOX_AUTHORITY);

const isRealService = (host) => host === "graph.microsoft.com" || host?.endsWith(".ciamlogin.com");

// mapped wraps a connect function. The TLS server name stays that of the real
// service.
const mapped = (connect) =>
  function (options, ...rest) {
    if (isRealService(options?.host ?? options?.hostname)) {
      options = {
        ...options,
        host: "localhost",
        hostname: "localhost",
        port: Number(sandbox.port),
        servername: options.servername ?? options.host,
      };
    }
    return connect.call(this, options, ...rest);
  };

tls.connect = mapped(tls.connect);
net.connect = mapped(net.connect);
syncBuiltinESMExports();
