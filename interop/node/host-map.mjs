// Lets the host names of the real service lead to the sandbox, for the whole
// process, as /etc/hosts and a port map would: the client knows nothing of it.
import net from "node:net";
import tls from "node:tls";
import { syncBuiltinESMExports } from "node:module";

const sandbox = new URL(process.env.SANDBOX_AUTHORITY);
const real = (host) => host === "graph.microsoft.com" || host?.endsWith(".ciamlogin.com");
const mapped = (connect) => function (options, ...rest) {
  if (real(options?.host ?? options?.hostname)) {
    const name = options.servername ?? options.host;
    options = { ...options, host: "localhost", hostname: "localhost", port: Number(sandbox.port), servername: name };
  }
  return connect.call(this, options, ...rest);
};
tls.connect = mapped(tls.connect);
net.connect = mapped(net.connect);
syncBuiltinESMExports();
