// contents follow
