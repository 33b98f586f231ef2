// Packages live in the environment made for them, not beside the modules that import them.

import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const home = pathToFileURL(join(process.env.INTEROP_PACKAGES, 'package.json')).href;

registerHooks({
  resolve(specifier, context, next) {
    const ours = specifier.startsWith('@modelcontextprotocol/');
    return next(specifier, ours ? { ...context, parentURL: home } : context);
  },
});
