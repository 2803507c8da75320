// Sends the connections of Node.js to Microsoft's host names to the sandbox at
// localhost:PORT, in the process that loads this file first:
//
//   export NODE_OPTIONS="--require $PWD/host-map.cjs" NODE_EXTRA_CA_CERTS="CA_FILE"
//   npm start
//
// Chromium needs the same map, and has to accept the sandbox's certificate:
//
//   chromium --user-data-dir="$(mktemp -d)" \
//     --host-resolver-rules="MAP *.ciamlogin.com:443 localhost:PORT" \
//     --ignore-certificate-errors-spki-list=KEY_HASH \
//     http://localhost:3000
"use strict";
const net = require("node:net");
const tls = require("node:tls");

const isMapped = (host) => host === "graph.microsoft.com" || host?.endsWith(".ciamlogin.com");

// mapped wraps a connect function. The name that TLS verifies stays the same.
const mapped = (connect) =>
  function (options, ...rest) {
    const name = options?.host ?? options?.hostname;
    if (isMapped(name)) {
      const servername = options.servername ?? name;
      options = { ...options, host: "localhost", hostname: "localhost", port: PORT, servername };
    }
    return connect.call(this, options, ...rest);
  };

tls.connect = mapped(tls.connect);
net.connect = mapped(net.connect);
