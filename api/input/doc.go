// Package input decodes and validates client input: JSON, seating plans and ids.
package input
