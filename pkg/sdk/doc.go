// Package sdk is the root of the module that a service imports: everything in
// it is light enough to live inside somebody else's process. It imports
// nothing of the rest of the project.
package sdk
