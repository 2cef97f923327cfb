package tier

import (
	"bytes"
	"compress/gzip"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// recorded returns an observation as text, for [replayed]. Terraform plans a change a
// second time when it applies it, in another process and without a refresh, and wants
// the same plan: what the plan was made from has to be in the state.
//
// It takes values of exported fields alone, and errors as what they say.
func recorded(observation any) (string, error) {
	plain, err := plainOf(reflect.ValueOf(observation))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	text := base64.NewEncoder(base64.StdEncoding, &out)
	packed := gzip.NewWriter(text)
	if err := errors.Join(json.NewEncoder(packed).Encode(plain), packed.Close(), text.Close()); err != nil {
		return "", fmt.Errorf("cannot write an observation: %w", err)
	}
	return out.String(), nil
}

// replayed fills an observation from what [recorded] returned.
func replayed(text string, observation any) error {
	packed, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
	if err != nil {
		return fmt.Errorf("cannot read an observation: %w", err)
	}
	content, err := io.ReadAll(packed)
	if err != nil {
		return fmt.Errorf("cannot read an observation: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return fmt.Errorf("cannot read an observation: %w", err)
	}
	return fill(reflect.ValueOf(observation).Elem(), plain)
}

// recordedError is an error of which only the text is known.
type recordedError string

// Error returns the text.
func (e recordedError) Error() string { return string(e) }

// plainOf returns a value as what encoding/json reads and writes: maps as lists of
// pairs, because a key may be a structure, and pointers as lists of one.
func plainOf(value reflect.Value) (any, error) {
	if !value.IsValid() || value.IsZero() {
		return nil, nil
	}
	if text, ok := value.Interface().(encoding.TextMarshaler); ok && value.Kind() == reflect.Struct {
		content, err := text.MarshalText()
		return string(content), err
	}
	switch value.Kind() {
	case reflect.Interface:
		if err, ok := value.Interface().(error); ok {
			return err.Error(), nil
		}
	case reflect.Pointer:
		plain, err := plainOf(value.Elem())
		return []any{plain}, err
	case reflect.Struct:
		return plainFields(value)
	case reflect.Map:
		return plainPairs(value)
	case reflect.Slice, reflect.Array:
		list := make([]any, value.Len())
		for i := range list {
			var err error
			if list[i], err = plainOf(value.Index(i)); err != nil {
				return nil, err
			}
		}
		return list, nil
	case reflect.String:
		return value.String(), nil
	case reflect.Bool:
		return value.Bool(), nil
	default:
		return plainNumber(value)
	}
	return nil, unkeepable(value)
}

func plainNumber(value reflect.Value) (any, error) {
	switch {
	case value.CanInt():
		return value.Int(), nil
	case value.CanUint():
		return value.Uint(), nil
	case value.CanFloat():
		return value.Float(), nil
	}
	return nil, unkeepable(value)
}

func unkeepable(value reflect.Value) error {
	return fmt.Errorf("an observation with a %s cannot be kept", value.Type())
}

func plainFields(value reflect.Value) (any, error) {
	fields := map[string]any{}
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if !field.IsExported() {
			return nil, fmt.Errorf("an observation with %s.%s, which is not exported, cannot be kept", value.Type(), field.Name)
		}
		plain, err := plainOf(value.Field(i))
		if err != nil {
			return nil, err
		}
		if plain != nil {
			fields[field.Name] = plain
		}
	}
	return fields, nil
}

func plainPairs(value reflect.Value) (any, error) {
	type pair struct {
		plain []any
		order string
	}
	var pairs []pair
	for _, key := range value.MapKeys() {
		k, err := plainOf(key)
		if err != nil {
			return nil, err
		}
		v, err := plainOf(value.MapIndex(key))
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{[]any{k, v}, fmt.Sprint(k)})
	}
	slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.order, b.order) })
	list := make([]any, len(pairs))
	for i, p := range pairs {
		list[i] = p.plain
	}
	return list, nil
}

// fill is the way back from what [plainOf] returned.
func fill(value reflect.Value, plain any) error {
	if plain == nil {
		return nil
	}
	mismatch := fmt.Errorf("%v is no %s", plain, value.Type())
	if text, ok := value.Addr().Interface().(encoding.TextUnmarshaler); ok && value.Kind() == reflect.Struct {
		content, ok := plain.(string)
		if !ok {
			return mismatch
		}
		return text.UnmarshalText([]byte(content))
	}
	switch is := plain.(type) {
	case map[string]any:
		if value.Kind() != reflect.Struct {
			return mismatch
		}
		for name, field := range is {
			if at := value.FieldByName(name); at.IsValid() && at.CanSet() {
				if err := fill(at, field); err != nil {
					return err
				}
			}
		}
		return nil
	case []any:
		return fillList(value, is, mismatch)
	case bool:
		if value.Kind() != reflect.Bool {
			return mismatch
		}
		value.SetBool(is)
		return nil
	case string:
		return fillText(value, is, mismatch)
	case json.Number:
		return fillNumber(value, is, mismatch)
	}
	return mismatch
}

func fillNumber(value reflect.Value, number json.Number, mismatch error) error {
	var err error
	switch {
	case value.CanInt():
		var n int64
		n, err = strconv.ParseInt(number.String(), 10, 64)
		value.SetInt(n)
	case value.CanUint():
		var n uint64
		n, err = strconv.ParseUint(number.String(), 10, 64)
		value.SetUint(n)
	case value.CanFloat():
		var n float64
		n, err = strconv.ParseFloat(number.String(), 64)
		value.SetFloat(n)
	default:
		return mismatch
	}
	return err
}

func fillText(value reflect.Value, text string, mismatch error) error {
	if value.Kind() == reflect.String {
		value.SetString(text)
		return nil
	}
	said := reflect.ValueOf(recordedError(text))
	if value.Kind() != reflect.Interface || !said.Type().AssignableTo(value.Type()) {
		return mismatch
	}
	value.Set(said)
	return nil
}

func fillList(value reflect.Value, list []any, mismatch error) error {
	switch value.Kind() {
	case reflect.Pointer:
		if len(list) != 1 {
			return mismatch
		}
		value.Set(reflect.New(value.Type().Elem()))
		return fill(value.Elem(), list[0])
	case reflect.Map:
		value.Set(reflect.MakeMap(value.Type()))
		for _, item := range list {
			pair, ok := item.([]any)
			if !ok || len(pair) != 2 {
				return mismatch
			}
			k, v := reflect.New(value.Type().Key()).Elem(), reflect.New(value.Type().Elem()).Elem()
			if err := errors.Join(fill(k, pair[0]), fill(v, pair[1])); err != nil {
				return err
			}
			value.SetMapIndex(k, v)
		}
		return nil
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), len(list), len(list)))
	case reflect.Array:
		if value.Len() < len(list) {
			return mismatch
		}
	default:
		return mismatch
	}
	for i, item := range list {
		if err := fill(value.Index(i), item); err != nil {
			return err
		}
	}
	return nil
}
