/// <reference types="vitest/config" />
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { mock } from './dev/mock.ts';

// STROWGER_URL points the development server at a real daemon; without it a pretended one answers.
const daemon = process.env['STROWGER_URL'];

export default defineConfig({
  plugins: [svelte(), ...(daemon ? [] : [mock()])],
  base: './',
  build: {
    target: 'es2022',
    // Data URLs would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: daemon
    ? { proxy: { '/api': { target: daemon, secure: false, ws: true, changeOrigin: true, headers: { origin: new URL(daemon).origin } } } }
    : {},
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
