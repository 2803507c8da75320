#!/usr/bin/env node
// The browser of a user whose email and password are in the environment, for programs
// that open the one that BROWSER names.
import { Robot } from "./robot.mjs";
import { env } from "./sandbox.mjs";

await new Robot({ email: env.INTEROP_EMAIL, password: env.INTEROP_PASSWORD }).open(process.argv[2]);
